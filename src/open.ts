// Opens executors on what the configuration names: servers, the embedded default, or a plain directory.
import { join } from "node:path";
import type { Config } from "./config.ts";
import { createExecutor, type Executor } from "./executor.ts";
import type { StoredOptions } from "./open-stored.ts";
import { noRecords } from "./executions/no-records.ts";
import { readCompilerOptions } from "./modules/tsconfig-options.ts";
import { openPools } from "./process/pools.ts";
import { createInProcessStore } from "./snapshot/in-process-store.ts";
import type { Workspace } from "./snapshot/origin.ts";
import { createCompiledCache } from "./workspace/compiled-cache.ts";
import { createDirectoryOrigin } from "./workspace/directory-origin.ts";
import { loadDirectory } from "./workspace/directory-workspace.ts";

/** A stored workspace. What opens it is read only when it is asked for: a run from a directory pays for no database. */
export async function openStored(config: Config, options: StoredOptions): Promise<Executor> {
  const pools = openPools({ processes: config.processes, spares: 0, zodAhead: false, cacheDirectory: config.cacheDirectory, required: config.required });
  try {
    // A child takes about as long to start as the database to load and open: they do so side by side.
    if (options.runs !== false) pools.children(config.defaults.tier).warm();
    const { openWithPools } = await import("./open-stored.ts");
    return await openWithPools(config, { ...options, pools, close: () => pools.close() });
  } catch (error) {
    await pools.close();
    throw error;
  }
}

export interface DirectoryOptions {
  readonly directory: string;
  /** Only a name; "default" where absent. */
  readonly workspace?: string | undefined;
}

/** Straight from a directory: nothing is stored but compiled code in the cache directory. Rejects as readDirectory does. */
export async function openDirectory(config: Config, { directory, workspace: name = "default" }: DirectoryOptions): Promise<Executor> {
  const pools = openPools({ processes: 1, spares: 0, zodAhead: false, cacheDirectory: config.cacheDirectory, required: config.required });
  try {
    pools.children(config.defaults.tier).warm();
    const origin = createDirectoryOrigin({
      readCompilerOptions,
      cache: createCompiledCache(join(config.cacheDirectory, "compiled")),
      compile: pools.compile,
      defaults: config.defaults,
    });
    const store = createInProcessStore();
    const workspace = (await origin.workspace(name, { create: true })) as Workspace;
    await loadDirectory({ dir: directory, workspace: workspace.id, origin, store, maxSourceBytes: workspace.limits.sourceBytes });
    return createExecutor({
      workspace,
      origin,
      store,
      records: noRecords,
      children: pools.children(workspace.tier),
      compile: pools.compile,
      tenant: workspace.id,
      describe: false,
      close: () => pools.close(),
    });
  } catch (error) {
    await pools.close();
    throw error;
  }
}
