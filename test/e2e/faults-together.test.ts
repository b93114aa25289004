// One fault after another, and several at once, under a mixed load: whatever comes, each accepted execution ends once, what a
// caller was given stands in the record, and nothing is left running. The order of faults is drawn; its seed is in the failure.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Execution, FollowedLine } from "../../src/rpc/client.ts";
import { expectNoLeaks } from "../support/leaks.ts";
import { followed, PAUSE, source, useFaultWorld, writeWorkflows, type FaultWorld } from "../support/service/fault-world.ts";
import type { ServiceProcess } from "../support/service/service-process.ts";
import type { TcpProxy } from "../support/service/tcp-proxy.ts";
import { lookInto } from "../support/stored-world.ts";

expectNoLeaks();
const world = useFaultWorld();

const BODY = `${PAUSE} for (let n = 1; n <= params.lines; n += 1) { ctx.log.info("line " + n); await pause(params.ms); } return params.key;`;
const FILES = {
  "once.ts": source(BODY),
  "again.ts": source(BODY, `retry: { attempts: 20, backoff: "50ms" }, idempotent: true`),
};
/** How else than with success an execution may end here. */
const EXPECTED = new Set([
  "Cancelled ERR_CANCELLED",
  "Stuck ERR_PROCESS_CRASH",
  "Failed ERR_PROCESS_CRASH",
  "Failed ERR_REDIS_UNAVAILABLE",
  "Failed ERR_DATABASE_UNAVAILABLE",
  "Failed ERR_EXECUTOR_CLOSED",
]);
const SEED = Number(process.env["BIFROST_FAULT_SEED"] ?? Math.floor(Math.random() * 1e9));
const FAULTS = Number(process.env["BIFROST_FAULTS"] ?? 5);

/** mulberry32: the same seed gives the same faults. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  };
}

interface Member {
  process: ServiceProcess;
  readonly toDatabase: TcpProxy;
  readonly toRedis: TcpProxy;
  readonly restart: () => Promise<ServiceProcess>;
}

async function member(command: "serve" | "work", name: string): Promise<Member> {
  const { env, toDatabase, toRedis } = await world.apart();
  const start = (): Promise<ServiceProcess> =>
    world.services[command]({ env: { ...env, BIFROST_HOST_NAME: name }, args: command === "serve" ? ["--work"] : [] });
  // As whoever looks after it does: a process that cannot start for want of a server is started again.
  const restart = async (): Promise<ServiceProcess> => {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await start();
      } catch (error) {
        if (attempts === 10 || !String(error).includes("(69)")) throw error;
        await sleep(500);
      }
    }
  };
  return { process: await restart(), toDatabase, toRedis, restart };
}

/** What may go wrong; each mends itself. */
function faultsOf({ postgres, redis }: FaultWorld, members: readonly Member[]): Readonly<Record<string, (draw: (sides: number) => number) => Promise<void>>> {
  const any = (draw: (sides: number) => number): Member => members[draw(members.length)]!;
  const restarted = async (each: Member, end: (process: ServiceProcess) => Promise<unknown>): Promise<void> => {
    await end(each.process);
    each.process = await each.restart();
  };
  const line = async (how: "cut" | "reset", { line: proxy, ms }: { readonly line: TcpProxy; readonly ms: number }): Promise<void> => {
    proxy[how]();
    await sleep(ms);
    proxy.mend();
  };
  return {
    "a host is killed": (draw) => restarted(any(draw), (each) => each.kill()),
    "a host is told to end": (draw) => restarted(any(draw), (each) => each.end()),
    "a host is frozen for 7 s": async (draw) => {
      const { process: frozen } = any(draw);
      frozen.signal("SIGSTOP");
      await sleep(7000);
      frozen.signal("SIGCONT");
    },
    "children are killed": async (draw) => {
      for (const room of any(draw).process.rooms()) {
        try {
          process.kill(room, "SIGKILL");
        } catch {
          // It had ended.
        }
      }
    },
    "PostgreSQL is killed": async (draw) => {
      await postgres.kill();
      await sleep(draw(3000));
      await postgres.start();
    },
    "PostgreSQL is frozen for 6 s": async () => {
      await postgres.pause();
      await sleep(6000);
      await postgres.resume();
    },
    "Redis is killed": async (draw) => {
      await redis.kill();
      await sleep(draw(3000));
      await redis.start();
    },
    "Redis is frozen for 3 s": async () => {
      await redis.pause();
      await sleep(3000);
      await redis.resume();
    },
    "Redis is flushed": async () => {
      using client = lookInto(redis.url);
      await client.flushall();
    },
    "a line to PostgreSQL is cut": (draw) => line("cut", { line: any(draw).toDatabase, ms: draw(8000) }),
    "a line to PostgreSQL is reset": (draw) => line("reset", { line: any(draw).toDatabase, ms: draw(2000) }),
    "a line to Redis is cut": (draw) => line("cut", { line: any(draw).toRedis, ms: draw(4000) }),
    "a line to Redis is reset": (draw) => line("reset", { line: any(draw).toRedis, ms: draw(2000) }),
  };
}

it(`B112: whatever fails together, each accepted execution ends once, and what a caller was given is what is kept (seed ${SEED})`, async () => {
  const members = await Promise.all([member("serve", "a"), member("serve", "b"), member("work", "c")]);
  const servers = members.slice(0, 2);
  await writeWorkflows(world.client(servers[0]!.process), FILES);
  const accepted = new Map<string, string>();
  const given: Execution[] = [];
  const following = new Map<string, Promise<FollowedLine[] | Error>>();
  let asked = 0;
  let stopped = false;
  const isStopped = (): boolean => stopped;

  /** Without waiting and with, through either process, cancelled now and then. */
  async function ask(each: Member): Promise<void> {
    const n = (asked += 1);
    const workflow = n % 2 === 0 ? "again.ts" : "once.ts";
    const client = world.client(each.process, { retries: 0 });
    const input = { key: `key ${n}`, lines: 3, ms: 40 };
    const signal = AbortSignal.timeout(60_000);
    if (n % 3 === 0) {
      const response = await fetch(`${each.process.url}/v1/executions`, {
        method: "POST",
        headers: { authorization: `Bearer ${world.services.token}`, "content-type": "application/json" },
        body: JSON.stringify({ workflow, input }),
        signal,
      });
      if (response.ok) given.push((await response.json()) as Execution);
      return;
    }
    const { id } = await client.executions.start(workflow, input, { signal });
    accepted.set(id, input.key);
    if (n % 5 === 0)
      following.set(
        id,
        followed(client, id).catch((error: Error) => error),
      );
    if (n % 7 === 0) await client.executions.cancel(id, { signal });
  }

  const load = Promise.all(
    Array.from({ length: 10 }, async (_, at) => {
      while (!isStopped()) {
        await ask(servers[at % 2]!).catch(() => sleep(100));
        await sleep(100);
      }
    }),
  );
  const draw = dice(SEED);
  const faults = faultsOf(world, members);
  const names = Object.keys(faults);
  const happened: string[] = [];
  const underWay = new Map<string, Promise<void>>();
  for (let n = 0; n < FAULTS; n += 1) {
    const name = names[draw(names.length)]!;
    // A server that is being killed cannot be killed, and who is being started again cannot be either.
    const kind = /PostgreSQL is|Redis is|host|line|children/u.exec(name)![0];
    await underWay.get(kind);
    happened.push(name);
    underWay.set(kind, faults[name]!(draw));
    await sleep(500 + draw(1500));
  }
  await Promise.all(underWay.values());
  await sleep(2000);
  stopped = true;
  await load;
  const about = `seed ${SEED}: ${happened.join(", ")}`;
  for (const { id } of given) accepted.set(id, "");
  const { counts, statuses } = await world.books([...accepted.keys()], { timeoutMs: 45_000 });
  expect(counts.Success, about).toBeGreaterThan(20);
  const rows = await world.rows("select id, status, result, error from executions where id = any($1)", [[...accepted.keys()]]);
  for (const { id, status, result } of rows) {
    const key = accepted.get(String(id));
    if (status === "Success" && key !== "") expect(result, about).toBe(key);
  }
  // Nothing that went wrong is a defect of the service's.
  const codes = new Set(
    rows.filter(({ status }) => status !== "Success").map(({ status, error }) => `${String(status)} ${(error as { code?: string } | null)?.code}`),
  );
  expect(
    [...codes].filter((each) => !EXPECTED.has(each)),
    about,
  ).toEqual([]);
  for (const [id, lines] of following) {
    const told = await lines;
    // Who was asked is gone for longer than its caller waits.
    if (told instanceof Error) continue;
    expect(
      told.map(({ sequence }) => sequence),
      `${id}, ${about}`,
    ).toEqual(told.map((_, at) => at + 1));
    const [kept] = await world.rows("select count(*)::int as lines from execution_logs where execution_id = $1", [id]);
    expect(told.length, `${id}, ${about}`).toBeGreaterThanOrEqual(Number(kept!["lines"]));
  }
  for (const { id, status, result } of given) {
    const row = rows.find((each) => each["id"] === id);
    expect({ status, result: result ?? null }, about).toEqual({ status: statuses.get(id), result: row?.["result"] ?? null });
  }
}, 150_000);
