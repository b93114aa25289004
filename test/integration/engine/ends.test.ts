// How executions end (B80, B87), and that what ends one leaves the next alone (B83).
import { expect, it } from "vitest";
import { useEngine, workflow } from "../../support/engine.ts";

const engine = useEngine();

it("B80: a returned value is Success, and undefined is null", async () => {
  expect(await engine.run({ "wf.ts": workflow("return { a: [1, 'x', null] };") })).toMatchObject({
    version: 1,
    status: "Success",
    result: { a: [1, "x", null] },
  });
  const nothing = await engine.run({ "wf.ts": workflow("") });
  expect(nothing.status).toBe("Success");
  expect(nothing.result).toBeNull();
});

it("B80: an object with success === false is CompletedWithErrors, and the result is kept", async () => {
  const execution = await engine.run({ "wf.ts": workflow("return { success: false, why: 'half done' };") });
  expect(execution).toMatchObject({ status: "CompletedWithErrors", result: { success: false, why: "half done" } });
  expect(execution.error).toBeUndefined();
});

it("B80: what the author throws is Failed, without a code of ours", async () => {
  const execution = await engine.run({ "wf.ts": workflow("throw new RangeError('too far', { cause: new Error('because') });") });
  expect(execution.status).toBe("Failed");
  expect(execution.error).toMatchObject({ name: "RangeError", message: "too far", cause: { name: "Error", message: "because" } });
  expect(execution.error?.code).toBeUndefined();
  expect(execution.result).toBeUndefined();
});

it("B80: a run ends when the workflow's promise settles; timers left over are dropped", async () => {
  const execution = await engine.run({ "wf.ts": workflow("setTimeout(() => console.log('late'), 50); setInterval(() => {}, 5); return 1;") });
  expect(execution).toMatchObject({ status: "Success", result: 1, logs: [] });
});

it("B80: an unhandled rejection before the end fails the run, as in Node", async () => {
  const execution = await engine.run({
    "wf.ts": workflow("Promise.reject(new TypeError('nobody listens')); await new Promise((r) => setTimeout(r, 500)); return 1;"),
  });
  expect(execution).toMatchObject({ status: "Failed", error: { name: "TypeError", message: "nobody listens" } });
});

it("B80: a rejection that is handled within the same turn does not fail the run", async () => {
  const execution = await engine.run({
    "wf.ts": workflow(
      "const late = Promise.reject(new Error('x')); await null; late.catch(() => {}); await new Promise((r) => setTimeout(r, 20)); return 'fine';",
    ),
  });
  expect(execution).toMatchObject({ status: "Success", result: "fine" });
});

it("B80: an error thrown in a timer fails the run, with its own frames", async () => {
  const execution = await engine.run(
    { "wf.ts": workflow("\n  setTimeout(() => { throw new SyntaxError('in a timer'); }, 1);\n  await new Promise(() => {});") },
    { timeoutMs: 10_000 },
  );
  expect(execution).toMatchObject({ status: "Failed", error: { name: "SyntaxError", message: "in a timer", frames: [{ path: "wf.ts", line: 4 }] } });
});

it("B83: nothing survives into the next execution: globals, prototypes, module state, timers", async () => {
  const harness = await engine.harness({
    files: {
      "state.ts": "export const seen: string[] = [];",
      "wf.ts": workflow(
        `const found = [typeof (globalThis as any).left, [].includes === undefined, seen.length, typeof ({} as any).polluted];
         (globalThis as any).left = 1; seen.push("x"); (Object.prototype as any).polluted = 1; delete (Array.prototype as any).includes;
         setInterval(() => console.log("still here"), 1);
         return found;`,
        `import { seen } from "./state";`,
      ),
    },
  });
  for (let round = 0; round < 4; round++) {
    expect(await harness.run("wf.ts")).toMatchObject({ status: "Success", result: ["undefined", false, 0, "undefined"], logs: [] });
  }
});

it("B87: fifty executions at once give fifty results, each its own", async () => {
  const harness = await engine.harness({
    files: { "wf.ts": workflow("await new Promise((r) => setTimeout(r, p.n % 7)); ctx.log.info(`n ${p.n}`); return p.n;") },
  });
  const executions = await Promise.all(Array.from({ length: 50 }, (_, n) => harness.run("wf.ts", { n })));
  expect(executions.map((each) => each.result)).toEqual(Array.from({ length: 50 }, (_, n) => n));
  expect(executions.map((each) => each.logs.map((line) => line.message))).toEqual(Array.from({ length: 50 }, (_, n) => [`n ${n}`]));
  expect(new Set(executions.map((each) => each.id)).size).toBe(50);
});

it("B87: an id that has ended gives that execution again, and nothing is run", async () => {
  const harness = await engine.harness({ files: { "wf.ts": workflow("return Math.random();") } });
  const first = await harness.run("wf.ts");
  expect(await harness.run("wf.ts", {}, { id: first.id })).toEqual(first);
});
