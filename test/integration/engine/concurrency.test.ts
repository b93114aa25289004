// Several runs of one workspace in one process, where the workspace asked for it; and one process each, where not.
import { expect, it } from "vitest";
import type { Executor } from "../../../src/executor.ts";
import { DEFAULT_LIMITS } from "../../../src/limits.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { workflow } from "../../support/engine.ts";
import { openOwnEngine } from "../../support/own-engine.ts";

expectNoLeaks({ mayStay: (command) => /transpile-child|esbuild/.test(command) });

const FILES = {
  "wait.ts": workflow("ctx.log.info('begun'); await new Promise((resolve) => setTimeout(resolve, p.ms)); return p.n;"),
  "stuck.ts": workflow("ctx.log.info('begun'); Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);"),
  "loop.ts": workflow("ctx.log.info('begun'); for (;;);"),
  "pid.ts": workflow("return 'fine';"),
};
const LONG = { ...DEFAULT_LIMITS, wallMs: 20_000 };
const SHORT = { ...DEFAULT_LIMITS, wallMs: 400 };

/** A run that resolves `begun` with its first log line: author code is at work. */
function start(
  executor: Executor,
  reference: string,
  { input = {}, limits = LONG, signal }: { input?: unknown; limits?: typeof LONG; signal?: AbortSignal } = {},
) {
  const begun = Promise.withResolvers<void>();
  const ended = executor.run(reference, JSON.stringify(input), { limits, signal, onLog: () => begun.resolve() });
  return { begun: begun.promise, ended };
}

it("B87: with a concurrency of 3, three runs that wait are under way at once in a pool of one process, and each has its own result", async () => {
  await using own = await openOwnEngine({ settings: { concurrency: 3 } });
  const executor = await own.workspace("busy", FILES);
  const runs = [1, 2, 3].map((n) => start(executor, "wait.ts", { input: { n, ms: 1500 } }));
  // None of them has ended yet: with one process and one run at a time, the second could not have begun.
  await Promise.all(runs.map(({ begun }) => begun));
  expect((await Promise.all(runs.map(({ ended }) => ended))).map(({ result }) => result)).toEqual([1, 2, 3]);
});

it("without it, a process runs one at a time, and a fourth run never shares one with another workspace", async () => {
  await using own = await openOwnEngine({ processes: 2, settings: { concurrency: 3 } });
  const [one, other] = [await own.workspace("one", FILES), await own.workspace("other", FILES)];
  const first = [1, 2, 3].map((n) => start(one, "wait.ts", { input: { n, ms: 1500 } }));
  await Promise.all(first.map(({ begun }) => begun));
  // A kill takes all runs of a process: those of the other workspace are not among them.
  const hostile = await other.run("stuck.ts", "{}", { limits: SHORT });
  expect(hostile).toMatchObject({ status: "Timeout", error: { code: "ERR_TIMEOUT_WALL" } });
  expect((await Promise.all(first.map(({ ended }) => ended))).map(({ status }) => status)).toEqual(["Success", "Success", "Success"]);
});

it("B87: a kill takes all runs of the process, and each is reported once with the reason; the next run works", async () => {
  await using own = await openOwnEngine({ settings: { concurrency: 3 } });
  const executor = await own.workspace("shared", FILES);
  const waiting = [1, 2].map((n) => start(executor, "wait.ts", { input: { n, ms: 15_000 } }));
  await Promise.all(waiting.map(({ begun }) => begun));
  const stuck = await executor.run("stuck.ts", "{}", { limits: SHORT });
  expect(stuck).toMatchObject({ status: "Timeout", error: { code: "ERR_TIMEOUT_WALL" } });
  for (const { ended } of waiting) {
    expect(await ended).toMatchObject({
      status: "Failed",
      error: { code: "ERR_PROCESS_CRASH", message: expect.stringContaining("did not end within its wall-clock limit"), details: { because: "wall" } },
      logs: [{ message: "begun" }],
    });
  }
  expect(await executor.run("pid.ts", "{}")).toMatchObject({ status: "Success", result: "fine" });
});

it("a run that is stopped without a kill leaves those beside it to end by themselves", async () => {
  await using own = await openOwnEngine({ settings: { concurrency: 2 } });
  const executor = await own.workspace("shared", FILES);
  const waiting = start(executor, "wait.ts", { input: { n: 7, ms: 1500 } });
  await waiting.begun;
  expect(await executor.run("loop.ts", "{}", { limits: SHORT })).toMatchObject({ status: "Timeout" });
  expect(await waiting.ended).toMatchObject({ status: "Success", result: 7 });
  expect(await executor.run("pid.ts", "{}")).toMatchObject({ status: "Success" });
});

it("B86: a cancelled run is stopped alone", async () => {
  await using own = await openOwnEngine({ settings: { concurrency: 2 } });
  const executor = await own.workspace("shared", FILES);
  const waiting = start(executor, "wait.ts", { input: { n: 7, ms: 1500 } });
  const cancel = new AbortController();
  const cancelled = start(executor, "wait.ts", { input: { n: 8, ms: 15_000 }, signal: cancel.signal });
  await Promise.all([waiting.begun, cancelled.begun]);
  cancel.abort();
  expect(await cancelled.ended).toMatchObject({ status: "Cancelled", error: { code: "ERR_CANCELLED", details: { phase: "dispose" } } });
  expect(await waiting.ended).toMatchObject({ status: "Success", result: 7 });
});
