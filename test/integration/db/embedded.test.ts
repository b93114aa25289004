// The embedded database as a directory: one process at a time, kept over restarts and kills, closed to other users.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { openDatabase } from "../../../src/workspace/database-open.ts";
import { createDatabaseOrigin } from "../../../src/workspace/database-origin.ts";

const CHILD = fileURLToPath(new URL("../../support/embedded-child.ts", import.meta.url));
const children = new Set<ChildProcess>();
let root: string;
let directory: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "bifrost-embedded-"));
  directory = join(root, "not", "there", "yet");
});
afterEach(async () => {
  for (const child of children) await kill(child);
});
afterAll(() => rm(root, { recursive: true, force: true }));

interface Answer {
  readonly opened?: string;
  readonly refused?: string;
  readonly message?: string;
}

async function start(name: string): Promise<{ readonly child: ChildProcess; readonly answer: Answer }> {
  const child = spawn(process.execPath, [CHILD, directory, name], { stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  for await (const line of createInterface({ input: child.stdout })) return { child, answer: JSON.parse(line) as Answer };
  throw new Error(`The process that opens ${directory} ended without an answer.`);
}

async function kill(child: ChildProcess): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function openHere() {
  const database = await openDatabase({ directory });
  const { db, server, exclusive, close } = database;
  return createDatabaseOrigin({ db, describeServer: server, exclusive, close, readCompilerOptions: () => ({}) });
}

it("a directory that does not exist is made with its parents, for its owner alone", async () => {
  const origin = await openHere();
  expect((await origin.workspace("kept", { create: true }))!.name).toBe("kept");
  await origin.close();
  for (const made of [directory, join(directory, ".."), join(directory, "database")]) expect((await stat(made)).mode & 0o777).toBe(0o700);
  expect(await readdir(directory)).not.toContain("database.new");
});

it("what was written is there after a restart, and closing twice is as good as once", async () => {
  const origin = await openHere();
  expect((await origin.workspace("kept"))!.name).toBe("kept");
  await Promise.all([origin.close(), origin.close()]);
});

it("a second process is refused with an error that names directory, holder and a way out; SIGKILL frees the directory, and no acknowledged write is lost", async () => {
  const first = await start("written-before-the-kill");
  expect(first.answer.opened).toMatch(/^[0-9a-f-]{36}$/);
  const second = await start("never");
  expect(second.answer).toEqual({ refused: "ERR_DATABASE_UNAVAILABLE", message: expect.stringContaining(directory) });
  expect(second.answer.message).toContain(`process ${first.child.pid}`);
  expect(second.answer.message).toContain("DATABASE_URL");
  await expect(openHere()).rejects.toMatchObject({ code: "ERR_DATABASE_UNAVAILABLE", details: { problem: "locked" } });

  await kill(first.child);
  const origin = await openHere();
  expect((await origin.workspace("written-before-the-kill"))!.id).toBe(first.answer.opened);
  expect(await origin.workspace("never")).toBeUndefined();
  await origin.close();
});

it("who waits gets the directory when its holder has ended", async () => {
  const holder = await openHere();
  const waiting = openDatabase({ directory, waitMs: 60_000 });
  await holder.close();
  await (await waiting).close();
});

it("a first start that was killed half-way leaves a directory that opens", async () => {
  directory = join(root, "interrupted");
  const child = spawn(process.execPath, [CHILD, directory, "x"], { stdio: "ignore" });
  children.add(child);
  while (!(await readdir(join(directory, "database.new")).catch(() => [])).length) await new Promise((resolve) => setTimeout(resolve, 5));
  await kill(child);
  const origin = await openHere();
  expect(await origin.workspace("x")).toBeUndefined();
  await origin.close();
});

it("a directory that cannot be written is the operator's to mend, and the setting is named", async () => {
  const file = join(root, "file");
  await writeFile(file, "");
  await expect(openDatabase({ directory: join(file, "data") })).rejects.toMatchObject({
    code: "ERR_DATABASE_UNAVAILABLE",
    message: expect.stringContaining("BIFROST_DATA") as string,
  });
});
