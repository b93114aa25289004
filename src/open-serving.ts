// Composes the service: a host, what watches it, and the RPC in front of it. What it is to be is said in the options; how long
// it lives is the command's matter.
import type { Config } from "./config.ts";
import { createDataOptions } from "./data-options.ts";
import { Fault } from "./errors.ts";
import { createInProcessOptionsCache, type OptionsCache } from "./executions/options-cache.ts";
import type { Host } from "./host.ts";
import { observedOptions } from "./host-backing.ts";
import { runSchedules } from "./host-schedules.ts";
import type { ServiceLog } from "./observe/logging.ts";
import { createMetrics } from "./observe/metrics.ts";
import { observeWith } from "./observe/observing.ts";
import { createTracing } from "./observe/tracing.ts";
import { openHost, type OpenedHost } from "./open-host.ts";
import { createDatabaseSchedules } from "./queue/database-schedules.ts";
import { createServer, type RpcServer } from "./rpc/server.ts";
import { createTokens, type Tokens } from "./rpc/tokens.ts";
import { listenFault } from "./listen-fault.ts";

export interface ServingOptions {
  readonly config: Config;
  /** Whether it takes executions. */
  readonly works: boolean;
  /** What it answers over HTTP: all of the RPC, or only how it is; nothing where absent. */
  readonly answers?: "all" | "health" | undefined;
  readonly log: ServiceLog;
}

/** Disposing of it ends it without waiting for long. */
export interface Serving extends AsyncDisposable {
  readonly host: Host;
  /** Where it answers; undefined where it answers nothing. */
  readonly url: string | undefined;
  /** How errors name the database: never with a password. */
  readonly database: string;
  /**
   * Takes nothing more. What runs may go on for `graceMs`, then it is handed back or stopped; requests under way get their answers in
   * the same time. Resolves when all is closed.
   */
  stop(graceMs: number): Promise<void>;
}

/** What is left to connections whose executions took all of the time. */
const LAST_ANSWERS_MS = 1000;

/** Rejects with ERR_CONFIG_INVALID, also where the port is taken or no token opens the service, ERR_DATABASE_UNAVAILABLE or ERR_REDIS_UNAVAILABLE. */
export async function openServing({ config, works, answers, log }: ServingOptions): Promise<Serving> {
  const metrics = createMetrics();
  const observe = observeWith({ metrics, tracing: createTracing(), log });
  await using opened = new AsyncDisposableStack();
  const host = opened.use(await openHost({ config, works, log, observe }));
  const { db, server: describeServer } = host.backing.database;
  const schedules = createDatabaseSchedules({ db, describeServer });
  opened.use(runSchedules({ schedules, host, observe, log: (message) => log.warn(message) }));
  let server: RpcServer | undefined;
  let url: string | undefined;
  if (answers !== undefined) {
    const tokens = opened.use(tokensOf(host, config));
    if (answers === "all") await requireToken(tokens, config);
    const { origin } = host.backing;
    server = opened.use(
      await createServer({
        only: answers === "health" ? "health" : undefined,
        host,
        tokens,
        settings: {
          defaults: config.defaults,
          workspace: (...asked) => origin.workspace(...asked),
          ownSettings: (...asked) => origin.ownSettings(...asked),
          updateSettings: (...asked) => origin.updateSettings(...asked),
        },
        dataOptions: createDataOptions({ cache: observedOptions(opened.use(await openOptionsCache(config, (message) => log.warn(message))), observe) }),
        schedules,
        metrics,
        observe,
        log: log.pino,
      }),
    );
    url = await listen(server, config.listen);
  }
  const resources = opened.move();
  let stopping: Promise<void> | undefined;

  async function stop(graceMs: number): Promise<void> {
    const until = performance.now() + graceMs;
    await host.drain(graceMs);
    await server?.close({ graceMs: Math.max(LAST_ANSWERS_MS, until - performance.now()) });
    await resources[Symbol.asyncDispose]();
  }

  return {
    host,
    url,
    database: host.backing.database.server,
    stop: (graceMs) => (stopping ??= stop(graceMs)),
    [Symbol.asyncDispose]: () => (stopping ??= resources[Symbol.asyncDispose]()),
  };
}

async function openOptionsCache({ redisUrl: url }: Config, log: (message: string) => void): Promise<OptionsCache> {
  if (url === undefined) return createInProcessOptionsCache();
  const { createRedisOptionsCache } = await import("./executions/redis-options-cache.ts");
  return createRedisOptionsCache({ url, log });
}

async function listen(server: RpcServer, address: Config["listen"]): Promise<string> {
  try {
    return (await server.listen(address)).url;
  } catch (error) {
    throw listenFault(error, address);
  }
}

function tokensOf(host: OpenedHost, config: Config): Tokens {
  const { db, server } = host.backing.database;
  return createTokens({ db, describeServer: server, firstToken: config.token });
}

/** A service that nobody can open is a mistake; one that anybody can, a worse one. */
async function requireToken(tokens: Tokens, config: Config): Promise<void> {
  if (config.token !== undefined) return;
  const now = Date.now();
  const good = (await tokens.list()).some(({ revokedAt, expiresAt }) => revokedAt === undefined && (expiresAt === undefined || Date.parse(expiresAt) > now));
  if (good) return;
  throw new Fault(
    "ERR_CONFIG_INVALID",
    "No token opens this service yet, and nothing is open without one. Give it a first one: BIFROST_TOKEN=$(openssl rand -hex 32), which callers show as well; or keep one in the database: bifrost-executor tokens create NAME --scopes admin.",
    { details: { setting: "BIFROST_TOKEN" } },
  );
}
