// Cancelling by id (B86), and following the log of what runs (B88).
import { randomUUIDv7 } from "node:crypto";
import { expect, it } from "vitest";
import type { LogLine } from "../../../src/completion.ts";
import { Fault } from "../../../src/errors.ts";
import { useEngine, workflow } from "../../support/engine.ts";
import { openOwnEngine } from "../../support/own-engine.ts";

const engine = useEngine();
const WAITS = workflow(`console.log("waiting"); await new Promise(() => {});`);
const LOOPS = workflow(`console.log("looping"); await new Promise((r) => setTimeout(r, 20)); for (;;) {}`);
const LISTENS = workflow(`console.log("listening"); await new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason)));`);

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => "none",
    (error: unknown) => (error instanceof Fault ? error.code : String(error)),
  );
}

it.each([
  ["one that waits", WAITS, "dispose"],
  ["one in a loop", LOOPS, "dispose"],
  ["one that listens", LISTENS, "signal"],
])("B86: %s stops, and is told how far that had to go", async (_which, source, phase) => {
  const harness = await engine.harness({ files: { "wf.ts": source } });
  const id = randomUUIDv7();
  const begun = Promise.withResolvers<void>();
  const running = harness.run("wf.ts", {}, { id, onLog: () => begun.resolve() });
  await begun.promise;
  expect(await harness.executor.cancel(id)).toEqual({ id, phase });
  const { status, error } = await running;
  expect([status, error?.code]).toEqual(["Cancelled", "ERR_CANCELLED"]);
});

it("B86: a second cancel is the first one again, during and after; other ends are a conflict, and unknown ids are not found", async () => {
  const harness = await engine.harness({ files: { "wf.ts": WAITS, "fine.ts": workflow(`return 1;`) } });
  const id = randomUUIDv7();
  const begun = Promise.withResolvers<void>();
  const running = harness.run("wf.ts", {}, { id, onLog: () => begun.resolve() });
  await begun.promise;
  const { cancel } = harness.executor;
  const [first, second] = await Promise.all([cancel(id), cancel(id)]);
  expect(second).toEqual(first);
  await running;
  expect(await cancel(id)).toEqual(first);

  const fine = await harness.run("fine.ts");
  expect(await codeOf(cancel(fine.id))).toBe("ERR_EXECUTION_ENDED");
  expect(await codeOf(cancel(randomUUIDv7()))).toBe("ERR_EXECUTION_NOT_FOUND");
  expect(await codeOf(cancel("no id at all"))).toBe("ERR_EXECUTION_NOT_FOUND");
});

it("B86: one that waits for a process never starts when it is cancelled", async () => {
  const begun: string[] = [];
  await using own = await openOwnEngine({
    processes: 1,
    records: (kept) => ({
      ...kept,
      begin: async (start) => {
        begun.push(start.id);
        return await kept.begin(start);
      },
    }),
  });
  const executor = await own.workspace("one", { "wf.ts": WAITS });
  const [first, second] = [randomUUIDv7(), randomUUIDv7()];
  const started = Promise.withResolvers<void>();
  const running = executor.run("wf.ts", "{}", { id: first, onLog: () => started.resolve() });
  await started.promise;
  const waiting = codeOf(executor.run("wf.ts", "{}", { id: second }));
  expect(await executor.cancel(second)).toEqual({ id: second, phase: "waiting" });
  expect(await executor.cancel(second)).toEqual({ id: second, phase: "waiting" });
  expect(await waiting).toBe("ERR_CANCELLED");
  await executor.cancel(first);
  expect([(await running).status, begun]).toEqual(["Cancelled", [first]]);
});

it("B86: a cancel that races the end gives exactly one terminal state, and says which", async () => {
  const ends = new Map<string, string[]>();
  await using own = await openOwnEngine({
    processes: 2,
    records: (kept) => ({
      ...kept,
      end: async (workspace, execution) => {
        const first = await kept.end(workspace, execution);
        if (first) ends.set(execution.id, [...(ends.get(execution.id) ?? []), execution.status]);
        return first;
      },
    }),
  });
  const executor = await own.workspace("one", { "wf.ts": workflow(`await new Promise((r) => setTimeout(r, p.ms)); return 1;`) });
  for (let n = 0; n < 20; n++) {
    const id = randomUUIDv7();
    const running = executor.run("wf.ts", JSON.stringify({ ms: 5 }), { id }).then(
      ({ status }) => status,
      (error: unknown) => (error as Fault).code,
    );
    await new Promise((resolve) => setTimeout(resolve, n));
    const cancelled = await codeOf(executor.cancel(id));
    const status = await running;
    expect([status, cancelled]).toEqual(
      status === "Success" ? ["Success", "ERR_EXECUTION_ENDED"] : status === "Cancelled" ? ["Cancelled", "none"] : ["ERR_CANCELLED", "none"],
    );
    expect(ends.get(id) ?? []).toEqual(status === "ERR_CANCELLED" ? [] : [status]);
  }
});

it("B86: what an execution executes can be cancelled by its own id, and its parent goes on", async () => {
  const inner = Promise.withResolvers<string>();
  await using own = await openOwnEngine({
    records: (kept) => ({
      ...kept,
      begin: async (start) => {
        if (start.parentId !== undefined) inner.resolve(start.id);
        return await kept.begin(start);
      },
    }),
  });
  const executor = await own.workspace("one", {
    "inner.ts": WAITS,
    "wf.ts": workflow(
      `try { await workflows.execute("inner.ts"); } catch (error: any) { return [error.name, error.code]; }`,
      `import { workflows } from "bifrost";`,
    ),
  });
  const running = executor.run("wf.ts", "{}");
  const id = await inner.promise;
  expect(await collect(executor.logs(id), 1)).toEqual(["1 waiting"]);
  await executor.cancel(id);
  expect(await running).toMatchObject({ status: "Success", result: ["CancelledError", "ERR_CANCELLED"] });
});

it("B87: an id that runs already is not run a second time", async () => {
  const harness = await engine.harness({ files: { "wf.ts": workflow(`await new Promise((r) => setTimeout(r, 50)); return Math.random();`) } });
  const id = randomUUIDv7();
  const [one, other] = await Promise.all([harness.run("wf.ts", {}, { id }), harness.run("wf.ts", {}, { id })]);
  expect(other).toEqual(one);
});

async function collect(lines: AsyncIterable<LogLine>, most = Infinity): Promise<string[]> {
  const found: string[] = [];
  for await (const { sequence, message } of lines) if (found.push(`${sequence} ${message}`) === most) break;
  return found;
}

it("B88: a log is followed while it runs, from any line, to the end, and read from the record after", async () => {
  const harness = await engine.harness({
    files: { "wf.ts": workflow(`for (let n = 1; n <= 5; n++) { console.log("line " + n); await new Promise((r) => setTimeout(r, 20)); }`) },
  });
  const id = randomUUIDv7();
  const { logs } = harness.executor;
  const third = Promise.withResolvers<void>();
  const running = harness.run("wf.ts", {}, { id, onLog: ({ sequence }) => sequence === 3 && third.resolve() });
  const whole = collect(logs(id));
  await third.promise;
  const rest = collect(logs(id, { after: 2 }));
  await running;
  const all = [1, 2, 3, 4, 5].map((n) => `${n} line ${n}`);
  expect(await whole).toEqual(all);
  expect(await rest).toEqual(all.slice(2));
  expect(await collect(logs(id))).toEqual(all);
  expect(await collect(logs(id, { after: 4 }))).toEqual(all.slice(4));
  expect(await collect(logs(id, { after: 99 }))).toEqual([]);
  expect(await codeOf(collect(logs(randomUUIDv7())))).toBe("ERR_EXECUTION_NOT_FOUND");
  expect(await codeOf(collect(logs(id, { after: -1 })))).toBe("ERR_INPUT_INVALID");
});

it("B88: who follows a log is let go when it wants to, and when the execution is cancelled", async () => {
  const harness = await engine.harness({ files: { "wf.ts": WAITS } });
  const id = randomUUIDv7();
  const { logs, cancel } = harness.executor;
  const begun = Promise.withResolvers<void>();
  const running = harness.run("wf.ts", {}, { id, onLog: () => begun.resolve() });
  await begun.promise;
  const controller = new AbortController();
  const leaving = collect(logs(id, { signal: controller.signal }));
  const staying = collect(logs(id));
  controller.abort();
  expect(await leaving).toEqual(["1 waiting"]);
  await cancel(id);
  expect(await staying).toEqual(["1 waiting"]);
  expect((await running).logs).toHaveLength(1);
});
