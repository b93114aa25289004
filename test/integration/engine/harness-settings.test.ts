// What a test may say of its workspace: every limit, grants, tier, concurrency. Each is shown by a run that ends otherwise with it than without.
import { expect, it } from "vitest";
import { DEFAULT_SETTINGS } from "../../../src/settings.ts";
import type { HarnessOptions } from "../../../src/testing/index.ts";
import { useEngine, workflow } from "../../support/engine.ts";

const engine = useEngine();

const KINDS = { "wf.ts": workflow("return [typeof WebAssembly, (() => { try { return (0, eval)('1 + 1'); } catch { return 'refused'; } })()];") };
const LONG = { "wf.ts": workflow("return 'x'.repeat(p.length);") };

it("limits by every name are the workspace's; a run's own go before them, and short names before long ones", async () => {
  const harness = await engine.harness({ files: LONG, limits: { resultBytes: 100, timeoutMs: 20_000, wallMs: 1, memoryMb: 64 } });
  expect(harness.executor.workspace.limits).toEqual({ ...DEFAULT_SETTINGS.limits, resultBytes: 100, wallMs: 20_000, memoryBytes: 64 * 1024 ** 2 });
  expect(await harness.run("wf.ts", { length: 99 })).toMatchObject({
    status: "Failed",
    error: { code: "ERR_RESULT_TOO_LARGE", details: { limit: 100, amount: 101 } },
  });
  expect(await harness.run("wf.ts", { length: 98 })).toMatchObject({ status: "Success" });
  expect(await harness.run("wf.ts", { length: 99 }, { resultBytes: 101 })).toMatchObject({ status: "Success" });
  expect(await harness.run("wf.ts", { length: 99 }, { resultBytes: undefined })).toMatchObject({ status: "Failed" });
});

it.for([
  [{ timeoutMs: -1 }, "timeoutMs is -1; 1 or more, or 0 for none is wanted."],
  [{ wallMs: Number.NaN }, "wallMs is NaN; 1 or more, or 0 for none is wanted."],
  [{ memoryMb: 7 }, "memoryMb is 7; 8 or more, or 0 for none is wanted."],
  [{ memoryBytes: 5 }, "memoryBytes is 5; 8388608 or more, or 0 for none is wanted."],
  [{ resultBytes: 0 }, "resultBytes is 0; 4 or more is wanted."],
] as const)("a limit that cannot be had is refused by the name it was given: %o", async ([limits, message]) => {
  await expect(engine.harness({ limits })).rejects.toMatchObject({ code: "ERR_INPUT_INVALID", message });
  await expect(engine.run(LONG, limits)).rejects.toMatchObject({ code: "ERR_INPUT_INVALID", message });
});

it.for([
  [{ tier: "fast" as "jit" }, 'tier is "fast"; jit or jitless is wanted.'],
  [{ concurrency: 0 }, "concurrency is 0; a whole number from 1 to 100 is wanted."],
  [{ grants: { webAssembly: "yes" as unknown as boolean } }, 'webAssembly is "yes"; on or off is wanted.'],
  [{ grants: { webAssembly: true }, tier: "jitless" }, "webAssembly is on and tier is jitless"],
] satisfies [HarnessOptions, string][])("a setting that cannot be had is refused: %o", async ([options, message]) => {
  await expect(engine.harness(options)).rejects.toMatchObject({ code: "ERR_INPUT_INVALID", message: expect.stringContaining(message) as string });
});

it("what is granted is there, and only that", async () => {
  const results = async (options: HarnessOptions): Promise<unknown> => (await (await engine.harness({ ...options, files: KINDS })).run("wf.ts")).result;
  expect(await results({})).toEqual(["undefined", "refused"]);
  expect(await results({ grants: { webAssembly: true } })).toEqual(["object", "refused"]);
  expect(await results({ grants: { codeGeneration: true } })).toEqual(["undefined", 2]);
});

it("a jitless workspace runs what any other does", async () => {
  const harness = await engine.harness({ files: LONG, tier: "jitless" });
  expect(harness.executor.workspace.tier).toBe("jitless");
  expect(await harness.run("wf.ts", { length: 2 })).toMatchObject({ status: "Success", result: "xx" });
});

it("harnesses of different workspaces never share a child: where one has to be killed, the other's run goes on", async () => {
  const files = {
    "hangs.ts": workflow("Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);"),
    "waits.ts": workflow("console.log('begun'); await new Promise((resolve) => setTimeout(resolve, 2500)); return 'fine';"),
  };
  const [one, other] = [await engine.harness({ files, workspace: "one", concurrency: 4 }), await engine.harness({ files, workspace: "other", concurrency: 4 })];
  const waiting = other.run("waits.ts");
  expect(await one.run("hangs.ts", {}, { timeoutMs: 300 })).toMatchObject({ status: "Timeout" });
  expect(await waiting).toMatchObject({ status: "Success", result: "fine" });
});
