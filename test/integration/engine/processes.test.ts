// The processes under the engine: what happens when one dies, and that none is left (B87, B33's outside view is in behaviours/).
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { settledProcesses } from "../../../src/testing/shared-pools.ts";
import { roomProcesses } from "../../support/child-processes.ts";
import { useEngine, workflow } from "../../support/engine.ts";

const engine = useEngine();

/** The child that has used most processor time in a while: others are idle, or start, which is soon over. */
async function busyChild(): Promise<number> {
  const before = new Map(roomProcesses().map((pid) => [pid, ticks(pid)]));
  await sleep(1500);
  const used = [...before].map(([pid, then]) => ({ pid, ticks: ticks(pid) - then })).toSorted((a, b) => b.ticks - a.ticks);
  return used[0]?.pid ?? 0;
}

function ticks(pid: number): number {
  if (!isAlive(pid)) return 0;
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

it("B87: a process killed in the middle of a run is reported once, as ProcessCrashError, with the logs so far; the next run works", async () => {
  const harness = await engine.harness({
    files: {
      "wf.ts": workflow("ctx.log.info('begun'); const end = Date.now() + 15_000; await new Promise((r) => setTimeout(r, 50)); while (Date.now() < end);"),
      "ok.ts": workflow("return 'fine';"),
    },
  });
  const running = harness.run("wf.ts");
  process.kill(await busyChild(), "SIGKILL");
  expect(await running).toMatchObject({
    status: "Failed",
    error: { code: "ERR_PROCESS_CRASH", name: "ProcessCrashError", details: { signal: "SIGKILL" } },
    logs: [{ message: "begun" }],
  });
  expect(await harness.run("ok.ts")).toMatchObject({ status: "Success", result: "fine" });
});

it("a child that died while it was idle costs no run anything", async () => {
  const harness = await engine.harness({ files: { "ok.ts": workflow("return 'fine';") } });
  await harness.run("ok.ts");
  for (const pid of roomProcesses()) process.kill(pid, "SIGKILL");
  await sleep(200);
  expect(await harness.run("ok.ts")).toMatchObject({ status: "Success", result: "fine" });
});

it("a signal ends a run in a synchronous loop as Cancelled, and the next run works", async () => {
  const harness = await engine.harness({ files: { "wf.ts": workflow("ctx.log.info('begun'); for (;;);"), "ok.ts": workflow("return 'fine';") } });
  const controller = new AbortController();
  const running = harness.run("wf.ts", {}, { signal: controller.signal, onLog: () => controller.abort() });
  expect(await running).toMatchObject({ status: "Cancelled", error: { code: "ERR_CANCELLED" }, logs: [{ message: "begun" }] });
  expect(await harness.run("ok.ts")).toMatchObject({ status: "Success" });
});

it("what is cancelled while its modules are read does not run", async () => {
  const harness = await engine.harness({ files: { "wf.ts": workflow("ctx.log.info('begun');") } });
  await harness.run("wf.ts");
  await settledProcesses();
  const controller = new AbortController();
  const running = harness.run("wf.ts", {}, { signal: controller.signal });
  controller.abort();
  expect(await running).toMatchObject({ status: "Cancelled", error: { code: "ERR_CANCELLED" }, logs: [] });
});

it("a signal that is aborted already begins nothing", async () => {
  const harness = await engine.harness({ files: { "wf.ts": workflow("return 1;") } });
  await expect(harness.run("wf.ts", {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ERR_CANCELLED" });
});

it("children end by themselves when the process that started them is killed", async () => {
  const program = `
    import { createHarness } from ${JSON.stringify(new URL("../../../src/testing/index.ts", import.meta.url).href)};
    const harness = await createHarness({ files: { "wf.ts": 'import { workflow } from "bifrost"; export default workflow(async () => { for (;;); });' } });
    void harness.run("wf.ts", {}, { timeoutMs: 0 });
    setTimeout(() => console.log("running"), 1500);
  `;
  const host = spawn(process.execPath, ["--no-warnings", "--input-type=module", "--eval", program], { stdio: ["ignore", "pipe", "inherit"] });
  await once(host.stdout, "data");
  const children = roomProcesses(host.pid);
  expect(children.length).toBeGreaterThan(0);
  host.kill("SIGKILL");
  await once(host, "close");
  for (let round = 0; round < 250 && children.some(isAlive); round++) await sleep(20);
  expect(children.filter(isAlive)).toEqual([]);
});

function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.[0] !== "Z";
  } catch {
    return false;
  }
}

it("harnesses are made, used and disposed of a hundred times over the same processes", async () => {
  for (let round = 0; round < 100; round++) {
    const harness = await engine.harness({ files: { "wf.ts": workflow(`return ${round};`) } });
    expect((await harness.run("wf.ts")).result).toBe(round);
    await harness.dispose();
  }
  expect(roomProcesses().length).toBeLessThanOrEqual(6);
});
