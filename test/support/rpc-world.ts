// A service in this process, over a database and a Redis of the test file's own, and a plain way to ask it over HTTP.
import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { afterAll, beforeAll } from "vitest";
import type { Scope } from "../../src/rpc/contract.ts";
import { readConfig } from "../../src/config.ts";
import { initialise } from "../../src/initialise.ts";
import { createDataOptions } from "../../src/data-options.ts";
import { createInProcessOptionsCache } from "../../src/executions/options-cache.ts";
import { createDatabaseSchedules } from "../../src/queue/database-schedules.ts";
import { openHost, type OpenedHost } from "../../src/open-host.ts";
import { createServer, type RpcServer } from "../../src/rpc/server.ts";
import type { ServerParts } from "../../src/rpc/server-parts.ts";
import { createTokens, type Tokens } from "../../src/rpc/tokens.ts";
import { createLog } from "../../src/observe/logging.ts";
import { LeakWatch } from "./leaks.ts";
import { freshDatabase, freshRedis } from "./servers/fresh.ts";

export const ADMIN = "the-first-admin-token-of-a-test";

export interface AskOptions {
  /** Sent as JSON, unless it is text or bytes: those are sent as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** ADMIN where absent; null: none. */
  readonly token?: string | null;
  readonly workspace?: string;
  readonly signal?: AbortSignal;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever came: tests look into it
  readonly body: any;
}

export interface RpcWorld {
  readonly url: string;
  readonly redisUrl: string;
  readonly host: OpenedHost;
  readonly server: RpcServer;
  readonly tokens: Tokens;
  /** Lines of the service's log, each as JSON text. */
  readonly log: readonly string[];
  /** `path` from the root on, such as `/v1/files`. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answered>;
  /** As `ask`, with the body unread. */
  open(method: string, path: string, options?: AskOptions): Promise<Response>;
  token(scopes: readonly Scope[], workspace?: string): Promise<string>;
  /** Name of a new workspace that has these files. */
  workspace(files: Readonly<Record<string, string>>): Promise<string>;
}

/** Call at the top of a test file. At its end all is gone, or the file fails. */
export function useRpcWorld(change: (parts: ServerParts) => Partial<ServerParts> = () => ({})): RpcWorld {
  const leaks = new LeakWatch({ mayStay: (text) => /esbuild/.test(text) });
  const held = new AsyncDisposableStack();
  const log: string[] = [];
  const opened = {} as { -readonly [Name in "url" | "redisUrl" | "host" | "server" | "tokens"]: RpcWorld[Name] };

  beforeAll(async () => {
    const [database, redis] = [held.use(await freshDatabase()), held.use(await freshRedis())];
    const config = readConfig({ ...process.env, DATABASE_URL: database.url, REDIS_URL: redis.url, BIFROST_TOKEN: ADMIN });
    await initialise(config);
    const serviceLog = createLog({ level: "debug", readable: false, write: (line) => log.push(line) });
    const host = held.use(await openHost({ config, works: true, log: serviceLog }));
    const { db, server: describeServer } = host.backing.database;
    const tokens = held.use(createTokens({ db, describeServer, firstToken: config.token }));
    const { origin } = host.backing;
    const parts: ServerParts = {
      host,
      tokens,
      settings: {
        defaults: config.defaults,
        workspace: (...asked) => origin.workspace(...asked),
        ownSettings: (...asked) => origin.ownSettings(...asked),
        updateSettings: (...asked) => origin.updateSettings(...asked),
      },
      schedules: createDatabaseSchedules({ db, describeServer }),
      dataOptions: createDataOptions({ cache: createInProcessOptionsCache() }),
      metrics: { contentType: "text/plain; version=0.0.4; charset=utf-8", text: async () => "metric 1\n" },
      log: serviceLog.pino,
    };
    const server = held.use(await createServer({ ...parts, ...change(parts) }));
    const { url } = await server.listen({ host: "127.0.0.1", port: 0 });
    Object.assign(opened, { url, redisUrl: redis.url, host, server, tokens });
  });
  afterAll(async () => {
    await held.disposeAsync();
    await leaks.check();
    leaks.close();
  });

  function open(method: string, path: string, { body, headers = {}, token = ADMIN, workspace, signal }: AskOptions = {}): Promise<Response> {
    const isPlain = body === undefined || typeof body === "string" || body instanceof Uint8Array;
    return fetch(`${opened.url}${path}`, {
      method,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(workspace !== undefined && { "bifrost-workspace": encodeURIComponent(workspace) }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: (isPlain ? body : JSON.stringify(body)) as string }),
      ...(signal && { signal }),
    });
  }

  async function ask(method: string, path: string, options?: AskOptions): Promise<Answered> {
    const response = await open(method, path, options);
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return { status: response.status, headers: response.headers, text, body: isJson && text !== "" ? JSON.parse(text) : undefined };
  }

  return Object.assign(opened, {
    log,
    open,
    ask,
    async token(scopes: readonly Scope[], workspace?: string) {
      return (await opened.tokens.create({ name: `token for ${scopes.join(" and ")}`, scopes: [...scopes], workspace })).token;
    },
    async workspace(files: Readonly<Record<string, string>>) {
      const name = randomUUID();
      await opened.host.workspace(name, { create: true });
      const written = await ask("PUT", "/v1/files", { body: { files }, workspace: name });
      if (written.status !== 200) throw new Error(written.text);
      return name;
    },
  });
}

/** A log that nobody reads. */
export const QUIET = pino({ level: "silent" });
