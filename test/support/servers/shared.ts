// Starts the servers that all tests of a run share, once for the whole run. A vitest global setup, named by each project whose tests need servers.
import type { TestProject } from "vitest/node";
import { sharedPostgres } from "./postgres.ts";
import { sharedRedis } from "./redis.ts";
import type { Server } from "./server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Redis of this test run: `inject("redisUrl")`. Shared: use freshRedis() for a database of your own. */
    redisUrl: string;
    /** PostgreSQL of this test run, as superuser. Shared: use freshDatabase() for a database of your own. */
    databaseUrl: string;
  }
}

interface Shared {
  holders: number;
  readonly servers: Promise<readonly [redis: Server, postgres: Server]>;
}

/** Each project loads this file anew, in the one process of the test runner; what they share can only lie here. */
const SLOT: unique symbol = Symbol.for("bifrost-executor.test.servers");
const NOTE: unique symbol = Symbol.for("bifrost-executor.test.servers.used");
const global = globalThis as { [SLOT]?: Shared | undefined; [NOTE]?: readonly string[] };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = (global[SLOT] ??= { holders: 0, servers: startBoth() });
  shared.holders += 1;
  const [redis, postgres] = await shared.servers;
  project.provide("redisUrl", redis.url);
  project.provide("databaseUrl", postgres.url);
  return async () => {
    shared.holders -= 1;
    if (shared.holders > 0) return;
    global[SLOT] = undefined;
    await Promise.all([redis[Symbol.asyncDispose](), postgres[Symbol.asyncDispose]()]);
  };
}

async function startBoth(): Promise<readonly [redis: Server, postgres: Server]> {
  const outcomes = await Promise.allSettled([sharedRedis(), sharedPostgres()]);
  const [redis, postgres] = outcomes;
  if (redis.status === "fulfilled" && postgres.status === "fulfilled") {
    global[NOTE] = [redis.value.description, postgres.value.description];
    process.stdout.write(`Servers: ${serversUsed()}\n`);
    return [redis.value, postgres.value];
  }
  for (const outcome of outcomes) if (outcome.status === "fulfilled") await outcome.value[Symbol.asyncDispose]();
  const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
  throw new Error(reasons.map((reason) => (reason instanceof Error ? reason.message : String(reason))).join("\n"), { cause: reasons[0] });
}

/** For the closing lines; undefined when no test needed a server. */
export function serversUsed(): string | undefined {
  return global[NOTE]?.join(", ");
}
