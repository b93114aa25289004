// An executor over memory with processes of its own, for tests of the processes themselves.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../src/config.ts";
import { createExecutor, type Executor } from "../../src/executor.ts";
import { createMemoryRecords } from "../../src/executions/memory-records.ts";
import type { ExecutionRecords } from "../../src/executions/records.ts";
import { readCompilerOptions } from "../../src/modules/tsconfig-options.ts";
import { openPools, type PoolOptions, type Pools } from "../../src/process/pools.ts";
import { DEFAULT_SETTINGS, type WorkspaceSettings } from "../../src/settings.ts";
import { createInProcessStore } from "../../src/snapshot/in-process-store.ts";
import type { Workspace } from "../../src/snapshot/origin.ts";
import { createMemoryOrigin } from "../../src/workspace/memory-origin.ts";

export interface OwnEngineOptions extends Partial<PoolOptions> {
  /** Of every workspace. */
  readonly settings?: Partial<WorkspaceSettings>;
  readonly records?: (kept: ExecutionRecords, pools: Pools) => ExecutionRecords;
  /** Start from nothing that was ever built or compiled. */
  readonly freshCaches?: boolean;
}

export interface OwnEngine extends AsyncDisposable {
  readonly pools: Pools;
  readonly records: ExecutionRecords;
  /** One workspace each; closing the engine closes them. */
  workspace(name: string, files: Readonly<Record<string, string>>): Promise<Executor>;
}

export async function openOwnEngine({ settings = {}, records: wrap, freshCaches = false, ...pool }: OwnEngineOptions = {}): Promise<OwnEngine> {
  const directory = freshCaches ? await mkdtemp(join(tmpdir(), "bifrost-engine-")) : undefined;
  const pools = openPools({ processes: 1, spares: 0, zodAhead: false, cacheDirectory: directory ?? readConfig().cacheDirectory, ...pool });
  const kept = createMemoryRecords();
  const open: Executor[] = [];
  return {
    pools,
    records: kept,
    async workspace(name, files) {
      const origin = createMemoryOrigin({ readCompilerOptions });
      const workspace: Workspace = { ...((await origin.workspace(name, { create: true })) as Workspace), ...DEFAULT_SETTINGS, ...settings };
      const executor = createExecutor({
        workspace,
        origin,
        store: createInProcessStore(),
        records: wrap === undefined ? kept : wrap(kept, pools),
        children: pools.children(workspace.tier),
        compile: pools.compile,
        tenant: name,
        describe: false,
        close: () => Promise.resolve(),
      });
      open.push(executor);
      await executor.write(files);
      return executor;
    },
    async [Symbol.asyncDispose]() {
      for (const executor of open) await executor[Symbol.asyncDispose]();
      await pools.close();
      if (directory !== undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}
