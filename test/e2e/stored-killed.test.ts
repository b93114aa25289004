// What kill -9 leaves of a run and of a write, over a real PostgreSQL and a real Redis (B29a, B31, B41), and what the
// command line keeps to itself (B33).
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { blobKey, headKey, indexKey } from "../../src/snapshot/redis-keys.ts";
import type { Harness } from "../../src/testing/index.ts";
import { commandOf, descendantsOf, descriptorsOf, networkSockets } from "../support/child-processes.ts";
import { commandLine, type CommandLine } from "../support/command-line.ts";
import { workflow } from "../support/engine.ts";
import { useStoredWorld } from "../support/stored-world.ts";

const world = useStoredWorld();
let shell: CommandLine;
beforeAll(async () => {
  shell = await commandLine({ DATABASE_URL: world.servers.databaseUrl, REDIS_URL: world.servers.redisUrl });
});
afterAll(async () => {
  await shell[Symbol.asyncDispose]();
});

const ENTRY = workflow("return [a, b];", `import a from "./a"; import b from "./deep/b";`);

interface Writer {
  readonly process: ChildProcess;
  /** Lines it has written. */
  readonly told: readonly string[];
  kill(): Promise<void>;
}

function startWriter(name: string, mode: "loop" | "hang", first = 1): Writer {
  const { databaseUrl, redisUrl } = world.servers;
  const script = fileURLToPath(new URL("../support/stored-writer.ts", import.meta.url));
  const child = spawn(process.execPath, [script, databaseUrl, redisUrl, name, mode, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { HOME: shell.home, PATH: process.env["PATH"] },
  });
  const told: string[] = [];
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    told.push(...lines);
  });
  return {
    process: child,
    told,
    async kill() {
      const closed = once(child, "close");
      child.kill("SIGKILL");
      await closed;
    },
  };
}

async function expectSoundCache({ executor }: Harness): Promise<void> {
  const { id } = executor.workspace;
  const [head, index] = ((await world.redis.multi().get(headKey(id)).hgetall(indexKey(id)).exec()) ?? []).map(([, value]) => value) as [
    string,
    Record<string, string>,
  ];
  const { snapshotId } = JSON.parse(head) as { snapshotId: string };
  const keys = [blobKey(id, { kind: "snapshot", id: snapshotId }), ...Object.values(index).map((hash) => blobKey(id, { kind: "content", id: hash }))];
  expect(await world.redis.exists(...keys)).toBe(keys.length);
}

it("B41, B29a: a writer killed at any moment leaves no half of a write, no index entry without content, and loses nothing it acknowledged", async () => {
  const name = randomUUID();
  const harness = await world.harness({ workspace: name, files: { "wf.ts": ENTRY, "a.ts": "export default 0;", "deep/b.ts": "export default 0;" } });
  let first = 1;
  for (const writes of [1, 3, 4, 6, 9]) {
    const writer = startWriter(name, "loop", first);
    await expect.poll(() => writer.told.length, { timeout: 20_000, interval: 3 }).toBeGreaterThanOrEqual(writes);
    await writer.kill();
    const acknowledged = Number(writer.told.at(-1));
    await expectSoundCache(harness);
    for (const host of [harness, await world.harness({ workspace: name })]) {
      const [a, b] = (await host.run("wf.ts")).result as [number, number];
      expect(a).toBe(b);
      // The one it was at when it died may have been committed.
      expect([acknowledged, acknowledged + 1]).toContain(a);
    }
    await expectSoundCache(harness);
    first = acknowledged + 2;
  }
  await harness.write({ "a.ts": "export default 'on';", "deep/b.ts": "export default 'on';" });
  expect((await harness.run("wf.ts")).result).toEqual(["on", "on"]);
}, 90_000);

it("B29a: a writer killed between commit and publish has written: the next run on every host sees it, through the command line too", async () => {
  const name = randomUUID();
  const harness = await world.harness({ workspace: name, files: { "wf.ts": ENTRY, "a.ts": "export default 0;", "deep/b.ts": "export default 0;" } });
  expect((await harness.run("wf.ts")).result).toEqual([0, 0]);
  const before = await world.redis.get(headKey(harness.executor.workspace.id));
  const writer = startWriter(name, "hang");
  await expect.poll(() => writer.told, { timeout: 20_000 }).toEqual(["committed"]);
  await writer.kill();
  expect(await world.redis.get(headKey(harness.executor.workspace.id))).toBe(before);
  expect(await shell.run("run-workflow", ["wf.ts", "--workspace", name])).toMatchObject({ code: 0, stdout: "[1,1]\n" });
  expect((await harness.run("wf.ts")).result).toEqual([1, 1]);
  expect(await world.redis.get(headKey(harness.executor.workspace.id))).not.toBe(before);
}, 60_000);

it.runIf(process.platform === "linux")(
  "B31: after kill -9 of the process that runs a workflow, its room's process ends, its lease runs out by itself, its record stays Running, and the next run works",
  async () => {
    const name = randomUUID();
    const harness = await world.harness({
      workspace: name,
      files: { "wf.ts": workflow("ctx.log.info('begun'); for (;;) {}"), "fine.ts": workflow("return 'fine';") },
    });
    await harness.executor.settled();
    const { id } = harness.executor.workspace;
    const running = shell.start("run-workflow", ["wf.ts", "--workspace", name]);
    await running.until("stderr", "begun");
    const [lease = ""] = await world.redis.keys(`bifrost:{${id}}:exec:*:lease`);
    expect(lease).not.toBe("");
    const processes = descendantsOf(running.process.pid ?? 0);
    expect(processes.map(commandOf).filter((command) => command.includes("child-main"))).not.toEqual([]);
    // Where `node` on PATH is an old one, the bin stands in for the process that does the work: that one is killed.
    for (const each of [...processes, running.process.pid ?? 0]) if (commandOf(each).includes("run-workflow.mjs")) process.kill(each, "SIGKILL");
    await running.ended;
    await expect.poll(() => processes.map(commandOf).filter((command) => command !== ""), { timeout: 10_000 }).toEqual([]);
    // Nobody renews it: what is left of its time only falls.
    const left = await world.redis.pttl(lease);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(60_000);
    const executionId = lease.split(":").at(-2);
    expect(await world.rows("select status, result, error, finished_at from executions where id = $1", [executionId])).toEqual([
      { status: "Running", result: null, error: null, finished_at: null },
    ]);
    expect(await shell.run("run-workflow", ["fine.ts", "--workspace", name])).toMatchObject({ code: 0, stdout: '"fine"\n' });
  },
  60_000,
);

it.runIf(process.platform === "linux")(
  "B33: the addresses that the command line has in its environment and its sockets are not with the process that runs author code",
  async () => {
    const name = randomUUID();
    await world.harness({ workspace: name, files: { "wf.ts": workflow("ctx.log.info('begun'); await new Promise(() => {});") } });
    const running = shell.start("run-workflow", ["wf.ts", "--workspace", name]);
    await running.until("stderr", "begun");
    const processes = descendantsOf(running.process.pid ?? 0);
    const rooms = processes.filter((id) => commandOf(id).includes("child-main"));
    expect(rooms).not.toEqual([]);
    const sockets = networkSockets();
    const holders = [running.process.pid ?? 0, ...processes].filter((id) => descriptorsOf(id).some((target) => sockets.has(target)));
    expect(holders).not.toEqual([]);
    expect(holders.filter((id) => rooms.includes(id))).toEqual([]);
    for (const id of rooms) {
      const environment = readFileSync(`/proc/${id}/environ`, "utf8");
      for (const held of ["DATABASE_URL", "REDIS_URL", "HOME", world.servers.databaseUrl, world.servers.redisUrl]) expect(environment).not.toContain(held);
    }
    running.process.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130, stdout: "" });
    expect(await world.rows("select e.status from executions e join workspaces w on w.id = e.workspace_id where w.name = $1", [name])).toEqual([
      { status: "Cancelled" },
    ]);
  },
  60_000,
);

it("a room's process that is killed under a run fails that run once as crashed, keeps its record, and the next run works", async () => {
  const name = randomUUID();
  const harness = await world.harness({
    workspace: name,
    files: { "wf.ts": workflow("ctx.log.info('begun'); for (;;) {}"), "fine.ts": workflow("return 'fine';") },
  });
  await harness.executor.settled();
  const running = shell.start("run-workflow", ["wf.ts", "--workspace", name, "--json"]);
  await running.until("stderr", "begun");
  for (const id of descendantsOf(running.process.pid ?? 0)) if (commandOf(id).includes("child-main")) process.kill(id, "SIGKILL");
  const { code, stdout } = await running.ended;
  const envelope = JSON.parse(stdout) as { id: string };
  expect({ code, envelope }).toMatchObject({
    code: 137,
    envelope: { status: "Failed", error: { code: "ERR_PROCESS_CRASH", name: "ProcessCrashError" }, logs: [{ message: "begun" }] },
  });
  expect(await world.rows("select status from executions where id = $1", [envelope.id])).toEqual([{ status: "Failed" }]);
  expect(await world.redis.keys(`bifrost:{${harness.executor.workspace.id}}:exec:*`)).toEqual([]);
  expect((await harness.run("fine.ts")).result).toBe("fine");
}, 60_000);
