// Stored workspaces with secrets of their own, over PostgreSQL with Redis, or over the embedded database: what tests of the
// configuration share.
import { randomBytes, randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { readConfig } from "../../src/config.ts";
import { createDatabaseRecords } from "../../src/executions/database-records.ts";
import type { Executor } from "../../src/executor.ts";
import { composeStored, openBacking, type Backing } from "../../src/open-stored.ts";
import { initialise } from "../../src/initialise.ts";
import { sharedPools } from "../../src/testing/shared-pools.ts";
import { createDatabaseConfig, type DatabaseConfig } from "../../src/workspace/database-config.ts";
import type { ConfigValues } from "../../src/workspace/config-values.ts";
import { SecretKeys } from "../../src/workspace/secret-keys.ts";
import { databaseText, redisText } from "./kept-text.ts";
import { freshDatabase, freshRedis } from "./servers/fresh.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

export interface Configured extends AsyncDisposable {
  readonly backing: Backing;
  /** A workspace that is new, with these files. Ends with `dispose`. */
  workspace(
    files?: Readonly<Record<string, string>>,
  ): Promise<{ readonly executor: Executor; readonly config: ConfigValues; readonly id: string; readonly name: string }>;
  /** As a host with these keys sees the same database. */
  configWith(keys: string | undefined): DatabaseConfig;
  /** What writes left to be done. */
  settled(): Promise<void>;
  /** All that is stored anywhere. */
  everything(): Promise<string>;
}

export function newKey(): string {
  return randomBytes(32).toString("base64");
}

export const BOTH = [
  { name: "PostgreSQL", embedded: false },
  { name: "the embedded database", embedded: true },
] as const;

export async function openConfigured({ embedded, key = newKey() }: { readonly embedded: boolean; readonly key?: string }): Promise<Configured> {
  const close: (() => Promise<void>)[] = [];
  let redis: Redis | undefined;
  let environment: Record<string, string>;
  if (embedded) {
    const directory = temporaryDirectory({});
    close.push(async () => directory[Symbol.dispose]());
    environment = { BIFROST_DATA: `${directory.path}/data` };
  } else {
    const [database, cache] = await Promise.all([freshDatabase(), freshRedis()]);
    close.push(async () => void (await Promise.all([database.drop(), cache.drop()])));
    environment = { DATABASE_URL: database.url, REDIS_URL: cache.url };
    await initialise(readConfig(environment));
    const client = new Redis(cache.url);
    redis = client;
    close.push(async () => client.disconnect());
  }
  const backing = await openBacking(readConfig({ ...environment, BIFROST_SECRETS_KEY: key }));
  close.push(() => backing.close());
  const { db, server: describeServer } = backing.database;
  const open: Executor[] = [];
  return {
    backing,
    async workspace(files = {}) {
      const name = `w-${randomUUID()}`;
      const workspace = await backing.origin.workspace(name, { create: true });
      if (workspace === undefined) throw new Error("no workspace");
      const executor = composeStored({ workspace, backing, pools: sharedPools(), records: createDatabaseRecords({ db, describeServer }) });
      open.push(executor);
      if (Object.keys(files).length > 0) await executor.write(files);
      if (executor.config === undefined) throw new Error("no configuration");
      return { executor, config: executor.config, id: workspace.id, name };
    },
    configWith: (keys) => createDatabaseConfig({ db, describeServer, keys: keys === undefined ? undefined : new SecretKeys(keys) }),
    settled: async () => {
      for (const executor of open) await executor.settled();
    },
    everything: async () => `${await databaseText(db)}\n${redis === undefined ? "" : await redisText(redis)}`,
    async [Symbol.asyncDispose]() {
      for (const executor of open) await executor[Symbol.asyncDispose]();
      for (const each of close.toReversed()) await each();
    },
  };
}
