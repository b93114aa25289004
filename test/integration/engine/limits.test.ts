// Limits (B81, B82): each ends its execution with its own error, and the next run works.
import assert from "node:assert/strict";
import { afterEach, describe, expect, it } from "vitest";
import type { Execution } from "../../../src/completion.ts";
import { useEngine, workflow } from "../../support/engine.ts";

const engine = useEngine();

afterEach(async () => {
  const next = await engine.run({ "wf.ts": workflow("return 'alive';") });
  assert.deepEqual([next.status, next.result, next.error], ["Success", "alive", undefined]);
});

const ENDLESS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "while(true){} in a workflow": { "wf.ts": workflow("while (true) {}") },
  "while(true){} at a module's top level": { "wf.ts": "import { workflow } from 'bifrost'; while (true) {} export default workflow(async () => 1);" },
  "while(true){} in a promise job": { "wf.ts": workflow("Promise.resolve().then(() => { for (;;); }); await null; await null; return 1;") },
  "a chain of promise jobs without end": { "wf.ts": workflow("const again = (): Promise<void> => Promise.resolve().then(again); await again();") },
  "while(true){} in a continuation after an awaited host call": {
    "wf.ts": workflow("await crypto.subtle.digest('SHA-256', new Uint8Array(3)); while (true) {}"),
  },
  "while(true){} after a timer": { "wf.ts": workflow("await new Promise((r) => setTimeout(r, 1)); while (true) {}") },
  "while(true){} in a dynamically imported module": { "wf.ts": workflow("await import('./late');"), "late.ts": "for (;;);" },
  "a promise that never settles": { "wf.ts": workflow("await new Promise(() => {});") },
  "a top-level await that never settles": {
    "wf.ts": `import { workflow } from "bifrost"; await new Promise(() => {}); export default workflow(async () => 1);`,
  },
  "a native loop that no interrupt reaches": { "wf.ts": workflow("Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);") },
  "an error whose getters never return": {
    "wf.ts": "import { workflow } from 'bifrost'; throw { get message() { for (;;); }, get stack() { for (;;); } }; export default workflow(async () => 1);",
  },
};

describe("B81: ends as Timeout at the wall-clock limit:", () => {
  it.each(Object.entries(ENDLESS))("%s", async (_title, files) => {
    const execution = await engine.run(files, { timeoutMs: 700, cpuMs: 60_000 });
    expect(execution).toMatchObject({ status: "Timeout", error: { code: "ERR_TIMEOUT_WALL", name: "TimeoutError", details: { limit: 700 } } });
  });
});

it("B81: a wall-clock limit longer than any timer counts ends nothing early, be it the run's or the workflow's own", async () => {
  const own = `import { workflow } from "bifrost"; export default workflow({ timeout: "1000h" }, async () => { await new Promise((r) => setTimeout(r, 50)); return "done"; });`;
  const execution = await engine.run({ "wf.ts": own }, { timeoutMs: Number.MAX_SAFE_INTEGER });
  expect(execution).toMatchObject({ status: "Success", result: "done" });
});

it("B81: processor time is a limit of its own, with an error of its own", async () => {
  const execution = await engine.run({ "wf.ts": workflow("ctx.log.info('begun'); while (true) {}") }, { timeoutMs: 20_000, cpuMs: 300 });
  expect(execution).toMatchObject({ status: "Timeout", error: { code: "ERR_TIMEOUT_CPU", details: { limit: 300 } }, logs: [{ message: "begun" }] });
  expect(execution.usage.cpuMs).toBeGreaterThanOrEqual(300);
});

it("B81: waiting uses no processor time", async () => {
  expect(await engine.run({ "wf.ts": workflow("await new Promise((r) => setTimeout(r, 900)); return 1;") }, { timeoutMs: 20_000, cpuMs: 600 })).toMatchObject({
    status: "Success",
  });
});

it("B81: 0 means no limit, and is not confused with 'not given'", async () => {
  expect(await engine.run({ "wf.ts": workflow("await new Promise((r) => setTimeout(r, 30)); return 1;") }, { timeoutMs: 0, cpuMs: 0 })).toMatchObject({
    status: "Success",
  });
});

it("B81: the wall-clock limit does not count the time before the hand-over", async () => {
  const harness = await engine.harness({ files: { "wf.ts": workflow("await new Promise((r) => setTimeout(r, 300)); return 1;") } });
  const executions = await Promise.all(Array.from({ length: 12 }, () => harness.run("wf.ts", {}, { timeoutMs: 1500 })));
  expect(executions.map((each) => each.status)).toEqual(Array.from({ length: 12 }, () => "Success"));
});

const GREEDY: Readonly<Record<string, string>> = {
  "heap growth": "const all: unknown[] = []; for (;;) all.push({ a: new Array(100).fill(all.length) });",
  "big strings": "const all: string[] = []; for (let i = 0; ; i++) all.push(String(i).padStart(1_000_000, 'ab') + i);",
  ArrayBuffers: "const all: unknown[] = []; for (;;) all.push(new Uint8Array(4_000_000).fill(1));",
  "new Array(2**32-2).fill(0)": "new Array(2 ** 32 - 2).fill(0);",
  "rapid growth of a Map": "const all = new Map<number, unknown>(); for (let i = 0; ; i++) all.set(i, { i });",
};

describe("B82: ends as Failed with a memory error, whatever holds the memory:", () => {
  it.each(Object.entries(GREEDY))(
    "%s",
    async (_title, body) => {
      const execution = await engine.run({ "wf.ts": workflow(body) }, { timeoutMs: 60_000, memoryMb: 64 });
      expect(execution).toMatchObject({ status: "Failed", error: { code: "ERR_MEMORY_LIMIT", details: { limit: 64 * 1024 * 1024 } } });
    },
    90_000,
  );
});

it("B82: memory that V8 does not count cannot be asked for: the constructors are absent", async () => {
  const execution = await engine.run({
    "wf.ts":
      workflow(`const resizable = (() => { try { return (new ArrayBuffer(8, { maxByteLength: 1e9 } as never) as any).resizable === true; } catch { return false; } })();
      return [typeof WebAssembly, typeof SharedArrayBuffer, typeof Atomics, resizable];`),
  });
  expect(execution.result).toEqual(["undefined", "undefined", "undefined", false]);
});

it("B82: executions of others go on untouched while one is ended for its memory", async () => {
  const harness = await engine.harness({
    files: { "bad.ts": workflow(GREEDY["heap growth"] as string), "wf.ts": workflow("await new Promise((r) => setTimeout(r, 50)); return 'fine';") },
  });
  const [bad, ...good] = await Promise.all<Execution>([
    harness.run("bad.ts", {}, { memoryMb: 32, timeoutMs: 60_000 }),
    ...Array.from({ length: 6 }, () => harness.run("wf.ts")),
  ]);
  expect(bad).toMatchObject({ status: "Failed", error: { code: "ERR_MEMORY_LIMIT" } });
  expect(good.map((each) => each.result)).toEqual(good.map(() => "fine"));
}, 90_000);

it("a workflow's own timeout ends it, and can only lower the limit of the execution", async () => {
  const source = (timeout: string): string =>
    `import { workflow } from "bifrost"; export default workflow({ timeout: ${timeout} }, async () => { await new Promise(() => {}); });`;
  expect(await engine.run({ "wf.ts": source(`"300ms"`) }, { timeoutMs: 20_000 })).toMatchObject({
    status: "Timeout",
    error: { code: "ERR_TIMEOUT_WALL", details: { limit: 300 } },
  });
  expect(await engine.run({ "wf.ts": source(`"1h"`) }, { timeoutMs: 400 })).toMatchObject({
    status: "Timeout",
    error: { code: "ERR_TIMEOUT_WALL", details: { limit: 400 } },
  });
});

it("a memory limit below what an isolate needs is refused with the least that is possible", async () => {
  await expect(engine.run({ "wf.ts": workflow("") }, { memoryMb: 1 })).rejects.toMatchObject({
    code: "ERR_INPUT_INVALID",
    message: expect.stringContaining("memoryMb is 1; 8 or more") as string,
  });
});
