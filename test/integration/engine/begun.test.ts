// What has begun is recorded as ended, whatever becomes of the processes (B87, B92).
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createExecutor } from "../../../src/executor.ts";
import { createMemoryRecords } from "../../../src/executions/memory-records.ts";
import { readCompilerOptions } from "../../../src/modules/tsconfig-options.ts";
import { openPools } from "../../../src/process/pools.ts";
import { createInProcessStore } from "../../../src/snapshot/in-process-store.ts";
import type { Workspace } from "../../../src/snapshot/origin.ts";
import { createMemoryOrigin } from "../../../src/workspace/memory-origin.ts";
import { useEngine, workflow } from "../../support/engine.ts";

const engine = useEngine();

const ID = "01a1f874-8691-7bb7-86c5-23bc2177efcd";

it("B92: an execution that has begun when its process is taken from it, and that gets no other, is closed in the record", async () => {
  const cacheDirectory = await mkdtemp(join(tmpdir(), "bifrost-begun-"));
  const pools = openPools({ processes: 1, spares: 0, zodAhead: false, cacheDirectory });
  const kept = createMemoryRecords();
  const origin = createMemoryOrigin({ readCompilerOptions });
  const workspace = (await origin.workspace("default", { create: true })) as Workspace;
  const executor = createExecutor({
    workspace,
    origin,
    store: createInProcessStore(),
    records: {
      ...kept,
      begin: async (start) => {
        // The last moment before the hand-over.
        void pools.children("jit").close();
        return await kept.begin(start);
      },
    },
    children: pools.children("jit"),
    compile: pools.compile,
    tenant: workspace.id,
    describe: false,
    close: () => pools.close(),
  });
  try {
    await executor.write({ "wf.ts": workflow("return 1;") });
    const execution = await executor.run("wf.ts", "{}", { id: ID });
    expect(execution).toMatchObject({ status: "Failed", error: { code: "ERR_EXECUTOR_CLOSED" } });
    expect(await kept.get(workspace.id, ID)).toMatchObject({ status: "Failed", execution });
  } finally {
    await executor[Symbol.asyncDispose]();
    await rm(cacheDirectory, { recursive: true, force: true });
  }
});

it("an id that no record could be kept under is the caller's mistake, and begins nothing", async () => {
  const harness = await engine.harness({ files: { "wf.ts": workflow("return 1;") } });
  await expect(harness.run("wf.ts", {}, { id: "run-1" })).rejects.toMatchObject({ code: "ERR_INPUT_INVALID", details: { path: "id", received: "run-1" } });
});
