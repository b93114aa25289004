// Opens a stored workspace: PostgreSQL and Redis where the configuration names them, else the embedded database with a
// store in memory. The same code over both.
import type { OpenDatabase } from "../db/open-database.ts";
import type { Config } from "./config.ts";
import { Fault } from "./errors.ts";
import { createExecutor, type Executor } from "./executor.ts";
import { createDatabaseRecords } from "./executions/database-records.ts";
import { readCompilerOptions } from "./modules/tsconfig-options.ts";
import type { Pools } from "./process/pools.ts";
import { DEFAULT_SETTINGS, withOwnSettings, type OwnSettings } from "./settings.ts";
import { createLoneHost } from "./queue/lone-host.ts";
import { createInProcessStore } from "./snapshot/in-process-store.ts";
import type { ExecutionRecords } from "./executions/records.ts";
import type { Origin, Workspace } from "./snapshot/origin.ts";
import type { SnapshotStore } from "./snapshot/store.ts";
import type { ConfigSource } from "./workspace/config-values.ts";
import { createDatabaseConfig, type DatabaseConfig } from "./workspace/database-config.ts";
import { openDatabase } from "./workspace/database-open.ts";
import { createDatabaseOrigin } from "./workspace/database-origin.ts";

export interface StoredOptions {
  readonly workspace: string;
  /** Makes it, empty, where there is none. The one named "default" is always made. */
  readonly create?: boolean | undefined;
  readonly log?: ((message: string) => void) | undefined;
  /** Whether a child process is started beside the opening, for a run that comes soon. True where absent. */
  readonly runs?: boolean | undefined;
}

/** What a host keeps its workspaces in. */
export interface Backing {
  readonly database: OpenDatabase;
  readonly origin: Origin;
  readonly store: SnapshotStore;
  readonly config: DatabaseConfig;
  /** Names of migrations that opening has applied. */
  readonly migrations: readonly string[];
  close(): Promise<void>;
}

export interface Servers extends Pick<Config, "databaseUrl" | "redisUrl" | "dataDirectory"> {
  /** The built-in ones where absent. */
  readonly defaults?: Config["defaults"] | undefined;
  /** Without them no secret of a workspace can be stored or read. */
  readonly secretKeys?: Config["secretKeys"];
}

/** The embedded directory is waited for this long: another command may be about to leave it. */
const EMBEDDED_WAIT_MS = 10_000;
/** Who only prepares it waits for another that does so: making the database takes seconds, more on a busy machine. */
const MIGRATION_WAIT_MS = 60_000;

/** Over processes that live on when the executor is closed, unless `close` says otherwise; `own` goes before what the workspace has, and is not stored. */
export async function openWithPools(
  servers: Servers,
  options: StoredOptions & { readonly pools: Pools; readonly own?: OwnSettings; readonly config?: StoredParts["config"]; readonly close?: () => Promise<void> },
): Promise<Executor> {
  const { workspace: name, create = false, pools, log } = options;
  const backing = await openBacking(servers);
  try {
    const stored = await backing.origin.workspace(name, { create: create || name === "default" });
    if (stored === undefined) throw noWorkspace(name);
    const workspace = { ...stored, ...withOwnSettings(stored, options.own ?? {}) };
    const { db, server: describeServer, exclusive } = backing.database;
    let executor: Executor | undefined;
    const alone = createLoneHost({
      records: (host) => createDatabaseRecords({ db, describeServer, host }),
      ledger: async () => (await import("./executions/database-ledger.ts")).createLedger({ db, describeServer }),
      name: `process ${process.pid}`,
      // Who asked for it hears of its end from the record.
      cancel: (id) => executor?.isRunning(id) === true && void executor.cancel(id).catch(() => undefined),
      exclusive,
      log: log ?? (() => undefined),
    });
    const close = async (): Promise<void> => {
      await alone[Symbol.asyncDispose]();
      await options.close?.();
      await backing.close();
    };
    return (executor = composeStored({ workspace, backing, pools, records: alone.records, config: options.config, log, close }));
  } catch (error) {
    await backing.close();
    throw error;
  }
}

export interface StoredParts {
  readonly workspace: Workspace;
  readonly backing: Backing;
  readonly pools: Pools;
  readonly records: ExecutionRecords;
  /** What runs read instead of what is stored. */
  readonly config?: ((stored: ConfigSource) => ConfigSource) | undefined;
  readonly log?: ((message: string) => void) | undefined;
  /** Nothing, where what it stands on serves others as well. */
  readonly close?: (() => Promise<void>) | undefined;
}

/** The executor of one stored workspace. */
export function composeStored({ workspace, backing, pools, records, config = (stored) => stored, log, close = async () => undefined }: StoredParts): Executor {
  return createExecutor({
    workspace,
    origin: backing.origin,
    store: backing.store,
    records,
    children: pools.children(workspace.tier),
    compile: pools.compile,
    tenant: workspace.id,
    config: config(backing.config),
    configValues: backing.config.of(workspace.id),
    describe: true,
    log,
    close,
  });
}

export function noWorkspace(name: string): Fault {
  return new Fault(
    "ERR_WORKFLOW_NOT_FOUND",
    `There is no workspace named ${JSON.stringify(name)}. Make it by pushing files to it: bifrost-executor push DIR --workspace ${name}.`,
    { details: { workspace: name } },
  );
}

/** Opens database and cache. The embedded database is brought up to date; a server's must have been (`bifrost-executor init`), unless `migrate`. */
export async function openBacking(servers: Servers, options: { readonly migrate?: boolean } = {}): Promise<Backing> {
  const { databaseUrl, dataDirectory } = servers;
  const place =
    databaseUrl === undefined ? { directory: dataDirectory, waitMs: options.migrate === true ? MIGRATION_WAIT_MS : EMBEDDED_WAIT_MS } : { url: databaseUrl };
  const database = await openDatabase(place, options.migrate === true ? { migrations: "apply" } : {});
  const store = await openStore(servers).catch(async (error: unknown) => {
    await database.close();
    throw error;
  });
  const origin = createDatabaseOrigin({
    db: database.db,
    readCompilerOptions,
    describeServer: database.server,
    exclusive: database.exclusive,
    defaults: servers.defaults ?? DEFAULT_SETTINGS,
  });
  return {
    database,
    origin,
    store,
    config: createDatabaseConfig({ db: database.db, describeServer: database.server, keys: servers.secretKeys }),
    migrations: database.applied,
    async close() {
      await store.close();
      await database.close();
    },
  };
}

async function openStore({ databaseUrl, redisUrl }: Servers): Promise<SnapshotStore> {
  if (redisUrl !== undefined) return (await import("./snapshot/redis-store.ts")).createRedisStore({ url: redisUrl });
  // Over a shared database without a shared cache, other processes write unseen: HEAD is asked for every time.
  return createInProcessStore({ soleWriter: databaseUrl === undefined });
}
