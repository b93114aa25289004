// What has begun is recorded as ended, whatever becomes of the processes (B87, B92).
import { expect, it } from "vitest";
import { useEngine, workflow } from "../../support/engine.ts";
import { openOwnEngine } from "../../support/own-engine.ts";

const engine = useEngine();

const ID = "01a1f874-8691-7bb7-86c5-23bc2177efcd";

it("B92: an execution that has begun when its process is taken from it, and that gets no other, is closed in the record", async () => {
  await using own = await openOwnEngine({
    records: (kept, pools) => ({
      ...kept,
      begin: async (start) => {
        // The last moment before the hand-over.
        void pools.children("jit").close();
        return await kept.begin(start);
      },
    }),
  });
  const executor = await own.workspace("closing", { "wf.ts": workflow("return 1;") });
  const execution = await executor.run("wf.ts", "{}", { id: ID });
  expect(execution).toMatchObject({ status: "Failed", error: { code: "ERR_EXECUTOR_CLOSED" } });
  expect(await own.records.get(executor.workspace.id, ID)).toMatchObject({ status: "Failed", execution });
});

it("an id that no record could be kept under is the caller's mistake, and begins nothing", async () => {
  const harness = await engine.harness({ files: { "wf.ts": workflow("return 1;") } });
  await expect(harness.run("wf.ts", {}, { id: "run-1" })).rejects.toMatchObject({ code: "ERR_INPUT_INVALID", details: { path: "id", received: "run-1" } });
});
