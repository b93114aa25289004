// Workflows that execute workflows (B89): in the parent's slot and snapshot, in a process of their own, with a record each.
import { expect, it } from "vitest";
import { useEngine, workflow as source } from "../../support/engine.ts";
import { openOwnEngine } from "../../support/own-engine.ts";

const engine = useEngine();
const NEST = `import { workflows, UserError } from "bifrost";`;

function workflow(body: string): string {
  return source(body, NEST);
}

it("B89: a workflow executes another by path, path::export, name and id, and gets its result as data", async () => {
  const harness = await engine.harness({
    files: {
      "sum.ts": `import { workflow } from "bifrost"; export default workflow({ name: "Sum up" }, async (p: any) => ({ sum: p.a + p.b }));
export const twice = workflow(async (p: any) => 2 * p.n); export const none = workflow(async () => undefined);`,
      "wf.ts": workflow(`return [await workflows.execute("sum.ts", { a: 1, b: 2 }), await workflows.execute("sum.ts::twice", { n: 4 }),
        await workflows.execute("Sum up", { a: 3, b: 4 }), await workflows.execute(p.id, { a: 5, b: 6 }), await workflows.execute("sum.ts::none")];`),
    },
  });
  const id = (await harness.executor.executables()).find(({ name }) => name === "Sum up")?.id;
  const { status, result, error } = await harness.run("wf.ts", { id });
  expect([status, result, error?.message]).toEqual(["Success", [{ sum: 3 }, 8, { sum: 7 }, { sum: 11 }, null], undefined]);
});

it("B89: what is executed has a record of its own, with its logs, its input and its parent's id", async () => {
  const harness = await engine.harness({
    files: {
      "inner.ts": workflow(`ctx.log.info("inside", { id: ctx.executionId }); return ctx.executionId;`),
      "wf.ts": workflow(`ctx.log.info("outside"); return workflows.execute("inner.ts", { a: 1 });`),
    },
  });
  const outer = await harness.run("wf.ts");
  const inner = await harness.executor.execution(outer.result as string);
  expect(inner).toMatchObject({ id: outer.result, parentId: outer.id, workflow: "inner.ts::default", status: "Success", snapshotId: outer.snapshotId });
  expect([outer.parentId, outer.logs.map(({ message }) => message), inner.logs.map(({ message }) => message)]).toEqual([undefined, ["outside"], ["inside"]]);
});

it("B89: it runs in the parent's snapshot, whatever was written meanwhile", async () => {
  const harness = await engine.harness({
    files: {
      "inner.ts": workflow(`return 1;`),
      "wf.ts": workflow(`console.log("begun"); await new Promise((r) => setTimeout(r, 300)); return workflows.execute("inner.ts");`),
    },
  });
  const begun = Promise.withResolvers<void>();
  const running = harness.run("wf.ts", {}, { onLog: () => begun.resolve() });
  await begun.promise;
  await harness.write({ "inner.ts": workflow(`return 2;`) });
  expect((await running).result).toBe(1);
  expect((await harness.run("wf.ts")).result).toBe(2);
});

it("B89: with one slot, a parent that waits does not stand in its own way, and leaves no process busy", async () => {
  await using own = await openOwnEngine({ processes: 1 });
  const executor = await own.workspace("one", {
    "leaf.ts": workflow(`return p.n;`),
    "middle.ts": workflow(`return workflows.execute("leaf.ts", { n: p.n + 1 });`),
    "wf.ts": workflow(`return Promise.all([1, 2, 3].map((n) => workflows.execute("middle.ts", { n })));`),
  });
  const runs = await Promise.all([executor.run("wf.ts", "{}"), executor.run("wf.ts", "{}")]);
  expect(runs.map(({ result, error }) => error?.message ?? result)).toEqual([
    [2, 3, 4],
    [2, 3, 4],
  ]);
  await own.pools.children("jit").settled();
});

it("B89: its process is another than the parent's, and a crash of it is an error of the parent's like any other", async () => {
  const harness = await engine.harness({
    files: {
      "bomb.ts": workflow(`const kept: unknown[] = []; for (;;) kept.push(new Array(1e6).fill(kept.length));`),
      "wf.ts": workflow(`try { await workflows.execute("bomb.ts"); } catch (error: any) { return [error.name, error.code, typeof error.executionId]; }`),
    },
  });
  expect((await harness.run("wf.ts")).result).toEqual(["MemoryLimitError", "ERR_MEMORY_LIMIT", "string"]);
});

it("B89: an error comes back as one of the realm's, with name, message, code and the execution's id", async () => {
  const harness = await engine.harness({
    files: {
      "fails.ts": workflow(
        `if (p.how === "type") throw new TypeError("no such thing"); if (p.how === "user") throw new UserError("Please try again"); class Odd extends Error { name = "Odd"; } throw new Odd("odd");`,
      ),
      "typed.ts": `import { workflow, z } from "bifrost"; export default workflow({ params: z.object({ n: z.number() }) }, async (p) => p.n);`,
      "wf.ts": workflow(`const seen: unknown[] = [];
        for (const [reference, input] of [["fails.ts", { how: "type" }], ["fails.ts", { how: "user" }], ["fails.ts", { how: "odd" }], ["typed.ts", { n: "x" }], ["nowhere.ts", {}], ["fails.ts::gone", {}]] as const) {
          try { await workflows.execute(reference, input); } catch (error: any) {
            seen.push([error instanceof Error, error instanceof TypeError, error instanceof UserError, error.name, error.message.split("\\n")[0], error.code ?? null, typeof error.executionId, Object.keys(error)]);
          }
        }
        return seen;`),
    },
  });
  const { result } = await harness.run("wf.ts");
  expect(result).toEqual([
    [true, true, false, "TypeError", "no such thing", null, "string", ["executionId"]],
    [true, false, true, "UserError", "Please try again", null, "string", ["executionId"]],
    [true, false, false, "Odd", "odd", null, "string", ["executionId"]],
    [true, false, false, "InputError", "The input does not fit the workflow's parameters:", "ERR_INPUT_INVALID", "string", ["code", "executionId"]],
    [true, false, false, expect.any(String), expect.stringContaining("nowhere.ts"), "ERR_PATH_NOT_FOUND", "undefined", ["code"]],
    [true, false, false, expect.any(String), expect.stringContaining("gone"), "ERR_EXECUTABLE_NOT_FOUND", "undefined", ["code"]],
  ]);
});

it("B89: an error that nobody catches fails the parent as its own, with where it came from as the cause", async () => {
  const files = {
    "fails.ts": workflow(`throw new RangeError("too far");`),
    "slow.ts": workflow(`await new Promise(() => {});`),
    "wf.ts": workflow(`await workflows.execute(p.what);`),
  };
  const failed = await engine.run(files, { input: { what: "fails.ts" } });
  expect(failed.status).toBe("Failed");
  expect(failed.error).toMatchObject({ name: "RangeError", message: "too far", details: { executionId: expect.any(String) } });
  expect(failed.error?.code).toBeUndefined();
  expect(failed.error?.frames[0]?.path).toBe("wf.ts");
  expect(failed.error?.cause).toMatchObject({ name: "RangeError", message: "too far" });
  expect(failed.error?.cause?.frames[0]?.path).toBe("fails.ts");

  const missing = await engine.run(files, { input: { what: "nowhere.ts" } });
  // Neither the caller's input nor the caller's reference: the author asked for it.
  expect([missing.status, missing.error?.code]).toEqual(["Failed", undefined]);
});

it("B91: a UserError of what was executed reaches the caller of its parent verbatim", async () => {
  const { error } = await engine.run({
    "inner.ts": workflow(`throw new UserError("No licence is free");`),
    "wf.ts": workflow(`return workflows.execute("inner.ts");`),
  });
  expect(error).toMatchObject({ name: "UserError", message: "No licence is free", userFacing: true });
});

it("B89: workflows that execute each other in a circle end eight deep, with limit and amount, and could have caught it", async () => {
  const files = {
    "a.ts": workflow(`return [p.depth, await workflows.execute("b.ts", { depth: p.depth + 1 })];`),
    "b.ts": workflow(
      `try { return [p.depth, await workflows.execute("a.ts", { depth: p.depth + 1 })]; } catch (error: any) { if (p.depth === 3 || !p.depth) return error.code; throw error; }`,
    ),
  };
  const caught = await engine.run(files, { reference: "a.ts", input: { depth: 0 } });
  expect(caught.result).toEqual([0, [1, [2, "ERR_CALL_DEPTH"]]]);
  const { error, status } = await engine.run({ "wf.ts": workflow(`return workflows.execute("wf.ts");`) });
  expect([status, error?.code, error?.details?.["limit"], error?.details?.["amount"]]).toEqual(["Failed", "ERR_CALL_DEPTH", 8, 9]);
  expect(error?.message).toContain("wf.ts::default");
});

it("B89: the depth is a limit of the workspace's", async () => {
  const harness = await engine.harness({
    limits: { callDepth: 2 },
    files: { "wf.ts": workflow(`try { return 1 + await workflows.execute("wf.ts"); } catch { return 0; }`) },
  });
  expect((await harness.run("wf.ts")).result).toBe(2);
});

it("B89: it has what is left of the parent's time, and ends when the parent does", async () => {
  const files = {
    "slow.ts": workflow(`console.log("slow"); await new Promise(() => {});`),
    "wf.ts": workflow(
      `if (p.left) void workflows.execute("slow.ts").catch(() => {}); else await workflows.execute("slow.ts"); await new Promise((r) => setTimeout(r, 500)); return "done";`,
    ),
  };
  const harness = await engine.harness({ files });
  const timedOut = await harness.run("wf.ts", {}, { timeoutMs: 1000 });
  expect([timedOut.status, timedOut.error?.code]).toEqual(["Timeout", "ERR_TIMEOUT_WALL"]);
  expect((await harness.run("wf.ts", { left: true })).result).toBe("done");
  await expect.poll(() => harness.run("wf.ts", { left: true }).then(({ status }) => status)).toBe("Success");
});

it("B89: cancelling the parent cancels what it executes first: both end as cancelled, the inner one before the outer", async () => {
  const begun = Promise.withResolvers<string>();
  const ends: string[] = [];
  await using own = await openOwnEngine({
    records: (kept) => ({
      ...kept,
      begin: async (start) => {
        if (start.workflow.startsWith("leaf")) begun.resolve(start.id);
        return await kept.begin(start);
      },
      end: async (workspace, execution) => {
        ends.push(`${execution.workflow} ${execution.status}`);
        return await kept.end(workspace, execution);
      },
    }),
  });
  const executor = await own.workspace("one", {
    "leaf.ts": workflow(`for (;;) {}`),
    "middle.ts": workflow(`return workflows.execute("leaf.ts");`),
    "wf.ts": workflow(`try { await workflows.execute("middle.ts"); } catch {} console.log("went on"); await new Promise(() => {});`),
  });
  const controller = new AbortController();
  const running = executor.run("wf.ts", "{}", { signal: controller.signal });
  await begun.promise;
  controller.abort();
  const outer = await running;
  // It may have heard of the inner one's end before its own: what counts is that both end, in this order.
  expect(outer.status).toBe("Cancelled");
  expect(ends).toEqual(["leaf.ts::default Cancelled", "middle.ts::default Cancelled", "wf.ts::default Cancelled"]);
});

it("B89: the executions of one parent go one after the other, in the order in which they were asked for", async () => {
  const harness = await engine.harness({
    files: {
      "inner.ts": workflow(`const from = Date.now(); await new Promise((r) => setTimeout(r, 30)); return [p.n, from, Date.now()];`),
      "wf.ts": workflow(`return Promise.all([1, 2, 3].map((n) => workflows.execute("inner.ts", { n })));`),
    },
  });
  const spans = (await harness.run("wf.ts")).result as [number, number, number][];
  expect(spans.map(([n]) => n)).toEqual([1, 2, 3]);
  for (const [index, [, from]] of spans.entries()) if (index > 0) expect(from).toBeGreaterThanOrEqual(spans[index - 1]?.[2] ?? 0);
});

it("B89: an input that is no plain data, or too large, is refused where it is asked for", async () => {
  const harness = await engine.harness({
    limits: { inputBytes: 1000 },
    files: {
      "inner.ts": workflow(`return 1;`),
      "wf.ts": workflow(`const seen: unknown[] = [];
        const cycle: any = {}; cycle.self = cycle;
        for (const [reference, input] of [["inner.ts", { f() {} }], ["inner.ts", new Map()], ["inner.ts", cycle], ["inner.ts", "x".repeat(1500)], ["inner.ts", "x".repeat(3000)], [7, {}], ["", {}], [workflows.execute, {}], ["x".repeat(2000), {}]] as any[]) {
          try { seen.push(await workflows.execute(reference, input)); } catch (error: any) { seen.push([error.name, error.code ?? null]); }
        }
        return seen;`),
    },
  });
  expect((await harness.run("wf.ts")).result).toEqual([
    ["TypeError", null],
    ["TypeError", null],
    ["TypeError", null],
    ["Error", "ERR_INPUT_TOO_LARGE"],
    ["Error", "ERR_HOST_CALL_LIMIT"],
    ["TypeError", null],
    ["TypeError", null],
    ["TypeError", null],
    ["TypeError", null],
  ]);
});

it("B83: a result comes back as it is, also where prototypes were tampered with", async () => {
  const { result } = await engine.run({
    "inner.ts": workflow(`return { error: "not one", ["__proto__"]: 1, result: [p.x] };`),
    "wf.ts": workflow(`Object.assign(Object.prototype, { result: "stolen", error: "stolen", code: "stolen", executionId: "stolen", userFacing: true });
      const given = await workflows.execute("inner.ts", { x: 5 });
      for (const key of ["result", "error", "code", "executionId", "userFacing"]) delete (Object.prototype as any)[key];
      return JSON.stringify(given);`),
  });
  expect(result).toBe(`{"error":"not one","__proto__":1,"result":[5]}`);
});

it("B89: nothing is executed in a dry run, nor while modules are evaluated for one", async () => {
  const harness = await engine.harness({
    files: {
      "inner.ts": workflow(`return 1;`),
      "wf.ts": source(
        `return top;`,
        `import { workflows } from "bifrost"; const top = await workflows.execute("inner.ts").catch((error: Error) => error.message);\nif (top !== 1) console.log(top);`,
      ),
    },
  });
  const dry = await harness.run("wf.ts", {}, { dryRun: true });
  expect([dry.status, dry.logs.map(({ message }) => message)]).toEqual(["Success", ["In a dry run no other workflow is executed"]]);
  expect((await harness.run("wf.ts")).result).toBe(1);
});

it("B89: thousands that fail at once keep nobody else waiting", async () => {
  const harness = await engine.harness({
    files: {
      "wf.ts": workflow(`console.log("asked"); await Promise.all(Array.from({ length: 3000 }, () => workflows.execute("nowhere.ts").catch(() => {})));`),
    },
  });
  const neighbour = await engine.harness({ workspace: "neighbour", files: { "wf.ts": workflow(`return 1;`) } });
  await neighbour.run("wf.ts");
  const ends: string[] = [];
  const begun = Promise.withResolvers<void>();
  const flood = harness.run("wf.ts", {}, { onLog: () => begun.resolve() }).then(({ status }) => ends.push(`flood ${status}`));
  await begun.promise;
  await neighbour.run("wf.ts").then(({ status }) => ends.push(`neighbour ${status}`));
  await flood;
  expect(ends).toEqual(["neighbour Success", "flood Success"]);
});
