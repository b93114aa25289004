// What the README shows is what happens: its examples run, in order, in one workspace, as a reader would run them.
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findExamples, matches, type Example } from "../support/markdown-examples.ts";
import { freePort } from "../support/servers/owned-process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** As the README has it; another process of this machine may have it too. */
const PORT = "8484";
const port = String(await freePort());
const examples = findExamples(readFileSync(join(ROOT, "README.md"), "utf8").replaceAll(PORT, port));
const services = new Set<ChildProcess>();

const TOKEN = randomBytes(32).toString("hex");

let home: string;
let workspace: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "bifrost-readme-"));
  workspace = join(home, "workspace");
  await mkdir(join(home, "bin"));
  await mkdir(join(home, "node_modules"));
  await mkdir(workspace);
  for (const name of ["run-workflow", "bifrost-executor"]) await symlink(join(ROOT, `src/cli/${name}.mjs`), join(home, "bin", name));
  await symlink(ROOT, join(home, "node_modules/bifrost-executor"));
});
afterAll(async () => {
  for (const service of services) {
    const ended = once(service, "close");
    service.kill("SIGTERM");
    await ended;
  }
  await rm(home, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function environment(): Readonly<Record<string, string>> {
  const path = `${join(home, "bin")}${delimiter}${process.env["PATH"] ?? ""}`;
  return { PATH: path, HOME: home, BIFROST_DATA: join(home, "data"), BIFROST_TOKEN: TOKEN, NO_COLOR: "1" };
}

/** Resolves when it answers; ended after all examples. */
async function serve(command: string): Promise<void> {
  const service = spawn("/bin/sh", ["-c", `exec ${command}`], {
    cwd: workspace,
    env: { ...environment(), BIFROST_PORT: port },
    stdio: ["ignore", "pipe", "pipe"],
  });
  services.add(service);
  let output = "";
  for (const stream of [service.stdout, service.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  while (!(await isHealthy())) {
    expect(service.exitCode, output).toBe(null);
    await sleep(100);
  }
}

async function isHealthy(): Promise<boolean> {
  return await fetch(`http://127.0.0.1:${port}/health`).then(
    async (response) => (await response.text(), response.ok),
    () => false,
  );
}

function run(cwd: string, command: string, args: readonly string[]): Promise<Ended> {
  const child = spawn(command, [...args], { cwd, env: environment(), stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}

async function follow(example: Example): Promise<void> {
  if (example.kind === "file") {
    await mkdir(dirname(join(workspace, example.path)), { recursive: true });
    await writeFile(join(workspace, example.path), example.content);
    return;
  }
  if (example.kind === "service") return await serve(example.command);
  if (example.kind === "program") {
    // Beside the workspace, which holds workflows and not programs; imports are found from there, and the workspace is `workspace`.
    const file = join(home, `example-${example.line}.ts`);
    await writeFile(file, example.content);
    const { code, output } = await run(home, process.execPath, [file]);
    expect(code, output).toBe(0);
    return;
  }
  for (const [index, { command, output: promised }] of example.steps.entries()) {
    const { code, output } = await run(workspace, "/bin/sh", ["-c", command]);
    expect(code, `${command}\n${output}`).toBe(index === example.steps.length - 1 ? example.exitCode : 0);
    expect(matches(promised, output), `${command}\n--- the README says\n${promised}\n--- it printed\n${output}`).toBe(true);
  }
}

describe("the README", () => {
  it("has examples that run", () => {
    expect(examples.filter(({ kind }) => kind === "session").length).toBeGreaterThan(0);
    expect(examples.filter(({ kind }) => kind === "program").length).toBeGreaterThan(0);
  });

  it.for(examples.map((example) => [example.line, example.kind, example] as const))("line %i: the %s does what it says", ([, , example]) => follow(example));
});
