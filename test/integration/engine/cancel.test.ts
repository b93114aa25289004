// Cancelling: author code is told, then its room is disposed of, then its process is killed; the answer says how far it had to go (B86).
import { expect, it } from "vitest";
import type { Execution } from "../../../src/completion.ts";
import { useEngine, workflow } from "../../support/engine.ts";
import { openOwnEngine } from "../../support/own-engine.ts";

const engine = useEngine();

/** Cancels as soon as author code has logged its first line. */
async function cancelled(body: string): Promise<Execution> {
  const harness = await engine.harness({ files: { "wf.ts": workflow(body) } });
  const cancel = new AbortController();
  return await harness.run("wf.ts", {}, { signal: cancel.signal, onLog: () => cancel.abort() });
}

it("B86: a workflow that listens to ctx.signal is told, does what it must, and ends by itself", async () => {
  const execution = await cancelled(`
    const stopped = new Promise((resolve) => ctx.signal.addEventListener("abort", () => resolve(ctx.signal.reason)));
    ctx.log.info("begun");
    const reason = await stopped;
    ctx.log.info(\`\${reason.name}: \${reason.message}\`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    ctx.log.info("cleaned up");
    return "done";`);
  expect(execution).toMatchObject({ status: "Cancelled", error: { code: "ERR_CANCELLED", name: "CancelledError", details: { phase: "signal" } } });
  expect(execution).not.toHaveProperty("result");
  expect(execution.logs.map(({ message }) => message)).toEqual(["begun", "AbortError: The execution was cancelled", "cleaned up"]);
});

it("B86: one that throws what the signal gives it ends the same way", async () => {
  expect(
    await cancelled(`
      const { signal } = ctx;
      ctx.log.info("begun");
      for (;;) { await new Promise((resolve) => setTimeout(resolve, 5)); signal.throwIfAborted(); }`),
  ).toMatchObject({ status: "Cancelled", error: { code: "ERR_CANCELLED", details: { phase: "signal" } } });
});

it.each([
  ["that does not listen", `ctx.log.info("begun"); await new Promise(() => {});`],
  ["in a synchronous loop", `ctx.signal; ctx.log.info("begun"); await null; for (;;);`],
  [
    "that listens and goes on",
    `ctx.signal.addEventListener("abort", () => {}); ctx.log.info("begun"); for (;;) await new Promise((resolve) => setTimeout(resolve, 5));`,
  ],
  ["whose listener never returns", `ctx.signal.addEventListener("abort", () => { for (;;); }); ctx.log.info("begun"); await new Promise(() => {});`],
  ["whose listener throws", `ctx.signal.addEventListener("abort", () => { throw new Error("mine"); }); ctx.log.info("begun"); await new Promise(() => {});`],
])("B86: a workflow %s is disposed of", async (_which, body) => {
  const execution = await cancelled(body);
  expect(execution).toMatchObject({ status: "Cancelled", error: { code: "ERR_CANCELLED" } });
  expect(["dispose", "signal"]).toContain(execution.error?.details?.["phase"]);
});

it("B86: a workflow that nothing inside can stop is killed with its process, and the next run works", async () => {
  const files = { "wf.ts": workflow("ctx.log.info('begun'); Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);"), "ok.ts": workflow("return 'fine';") };
  const harness = await engine.harness({ files });
  const cancel = new AbortController();
  expect(await harness.run("wf.ts", {}, { signal: cancel.signal, onLog: () => cancel.abort() })).toMatchObject({
    status: "Cancelled",
    error: { code: "ERR_CANCELLED" },
    logs: [{ message: "begun" }],
  });
  expect(await harness.run("ok.ts")).toMatchObject({ status: "Success", result: "fine" });
});

it("B86: one that still waits for a process never starts", async () => {
  await using own = await openOwnEngine();
  const executor = await own.workspace("one", {
    "wait.ts": workflow("ctx.log.info('begun'); await new Promise((resolve) => setTimeout(resolve, 800)); return 1;"),
  });
  const begun = Promise.withResolvers<void>();
  const first = executor.run("wait.ts", "{}", { onLog: () => begun.resolve() });
  await begun.promise;
  const cancel = new AbortController();
  const lines: unknown[] = [];
  const second = executor.run("wait.ts", "{}", { signal: cancel.signal, onLog: (line) => lines.push(line) });
  cancel.abort();
  await expect(second).rejects.toMatchObject({ code: "ERR_CANCELLED", details: { phase: "waiting" } });
  expect(await first).toMatchObject({ status: "Success" });
  expect(lines).toEqual([]);
});
