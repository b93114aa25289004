// A service of several processes over a PostgreSQL and a Redis of its own, all of which a test may hurt; and the books that
// are kept of it beside the system: how often each execution has ended.
import pg from "pg";
import { afterEach, beforeEach, expect } from "vitest";
import { readConfig } from "../../../src/config.ts";
import { initialise } from "../../../src/initialise.ts";
import { createClient, type Client, type ClientOptions, type ExecutionStatus, type FollowedLine, type LogLine } from "../../../src/rpc/client.ts";
import { startPostgres } from "../servers/postgres.ts";
import { startRedis } from "../servers/redis.ts";
import type { OwnServer } from "../servers/server.ts";
import { startServices, type ServiceProcess, type Services } from "./service-process.ts";
import { startProxy, type TcpProxy } from "./tcp-proxy.ts";

export interface FaultWorld {
  readonly postgres: OwnServer;
  readonly redis: OwnServer;
  readonly services: Services;
  /** Environment of a process whose way to a server leads through a line that can be cut. */
  apart(): Promise<{ readonly env: Readonly<Record<string, string>>; readonly toDatabase: TcpProxy; readonly toRedis: TcpProxy }>;
  client(service: ServiceProcess, options?: Partial<ClientOptions>): Client;
  /** Rows that the database has, asked beside the system. */
  rows(statement: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Resolves when all of them have ended, each once and for ever, with the lines of each numbered without a gap. */
  books(ids: readonly string[], options?: { readonly timeoutMs?: number }): Promise<Books>;
}

export interface Books {
  /** Status → how many. */
  readonly counts: Readonly<Partial<Record<ExecutionStatus, number>>>;
  readonly statuses: ReadonlyMap<string, ExecutionStatus>;
}

const ENDS = ["Success", "Failed", "Timeout", "Stuck", "CompletedWithErrors", "Cancelled"];

/** Call at the top of a test file: each test has servers and processes of its own. */
export function useFaultWorld(): FaultWorld {
  let stack: AsyncDisposableStack;
  let postgres: OwnServer;
  let redis: OwnServer;
  let services: Services;
  let servers: { DATABASE_URL: string; REDIS_URL: string };

  beforeEach(async () => {
    await using opened = new AsyncDisposableStack();
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    opened.use(postgres);
    opened.use(redis);
    servers = { DATABASE_URL: postgres.url, REDIS_URL: redis.url };
    await initialise(readConfig(servers));
    await keepBooks(postgres.url);
    services = opened.use(await startServices({ ...servers, BIFROST_PROCESSES: "4", BIFROST_LOG_LEVEL: "info" }));
    stack = opened.move();
  }, 60_000);
  afterEach(() => stack.disposeAsync(), 60_000);

  async function rows(statement: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: postgres.url, connectionTimeoutMillis: 5000 });
    client.on("error", () => undefined);
    await client.connect();
    try {
      return (await client.query(statement, [...values])).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  }

  return {
    get postgres() {
      return postgres;
    },
    get redis() {
      return redis;
    },
    get services() {
      return services;
    },
    async apart() {
      const [toDatabase, toRedis] = await Promise.all([startProxy(postgres.url), startProxy(redis.url)]);
      stack.use(toDatabase);
      stack.use(toRedis);
      return { env: { DATABASE_URL: toDatabase.url, REDIS_URL: toRedis.url }, toDatabase, toRedis };
    },
    client: ({ url }, options = {}) => createClient({ url, token: services.token, ...options }),
    rows,
    async books(ids, { timeoutMs = 30_000 } = {}) {
      const open = async (): Promise<unknown> =>
        await rows("select id, status, host_id from executions where not (status = any($1)) order by id limit 5", [ENDS]).catch(String);
      await expect.poll(open, { timeout: timeoutMs, interval: 250 }).toEqual([]);
      const kept = await rows("select id, status, finished_at from executions where id = any($1)", [ids]);
      expect(kept.length).toBe(ids.length);
      expect(await rows("select id, count(*)::int as ends from ends group by id having count(*) > 1")).toEqual([]);
      expect(
        await rows(
          "select execution_id, count(*)::int as lines, max(sequence)::int as last from execution_logs group by execution_id having count(*) <> max(sequence)",
        ),
      ).toEqual([]);
      const statuses = new Map(kept.map(({ id, status }) => [String(id), status as ExecutionStatus]));
      const counts: Partial<Record<ExecutionStatus, number>> = {};
      for (const status of statuses.values()) counts[status] = (counts[status] ?? 0) + 1;
      return { counts, statuses };
    },
  };
}

/** Each end that is written to a row, by whichever host: also one that another has written over. */
async function keepBooks(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // As an operator has it: what was acknowledged outlives a database that is killed.
    await client.query("alter database postgres set synchronous_commit = on");
    await client.query("create table ends (id uuid not null, status text not null, was text)");
    await client.query(`
      create function note_end() returns trigger language plpgsql as $$ begin
        if new.status in (${ENDS.map((status) => `'${status}'`).join(", ")}) and (tg_op = 'INSERT' or old.status is distinct from new.status) then
          insert into ends values (new.id, new.status, case when tg_op = 'INSERT' then null else old.status end);
        end if;
        return new;
      end $$`);
    await client.query("create trigger note_end after insert or update on executions for each row execute function note_end()");
  } finally {
    await client.end();
  }
}

/** Writes them; resolves when it is known of each workflow how often it is tried, which is read from it after the write. */
export async function writeWorkflows(client: Client, files: Readonly<Record<string, string>>): Promise<void> {
  await client.files.write(files);
  for (const [path, text] of Object.entries(files)) {
    if (text.includes("idempotent: true"))
      await expect.poll(() => client.workflows.get(path), { timeout: 20_000 }).toMatchObject({ retry: { idempotent: true } });
  }
}

/** All lines of an execution as a caller follows them live; `until` looks at each as it comes. */
export async function followed(client: Client, id: string, until?: (line: FollowedLine) => boolean): Promise<FollowedLine[]> {
  const lines: FollowedLine[] = [];
  for await (const line of client.executions.logs(id, { patienceMs: 20_000 })) {
    lines.push(line);
    if (until?.(line) === true) break;
  }
  return lines;
}

/** All lines that the record has. */
export async function recorded(client: Client, id: string): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for (;;) {
    const page = await client.executions.logPage(id, { after: lines.length });
    lines.push(...(page.lines as LogLine[]));
    if (page.lines.length === 0) return lines;
  }
}

/** Source of a workflow whose body is `code`, with `params` and `ctx`. */
export function source(code: string, options = ""): string {
  return `import { workflow } from "bifrost";\nexport default workflow({${options}}, async (params: any, ctx) => { ${code} });\n`;
}

export const PAUSE = "const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));";
