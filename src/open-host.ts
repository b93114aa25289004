// Composes a host: what it keeps its workspaces in, how it hears of work and of other hosts, and what it does with it all.
import { randomUUID } from "node:crypto";
import type { Config } from "./config.ts";
import { Fault } from "./errors.ts";
import { createLedger } from "./executions/database-ledger.ts";
import { createDatabaseRecords } from "./executions/database-records.ts";
import { createInProcessLive } from "./executions/in-process-live.ts";
import { withKeptLines } from "./executions/kept-lines.ts";
import type { Ledger } from "./executions/ledger.ts";
import type { Live } from "./executions/live.ts";
import { createLiveWatch } from "./executions/live-watch.ts";
import { saveLiveLines } from "./executions/save-live-lines.ts";
import type { Host } from "./host.ts";
import { observeHost } from "./host-gauges.ts";
import { observedBacking } from "./host-backing.ts";
import { readiness } from "./host-readiness.ts";
import { createStrays } from "./host-strays.ts";
import { HostRuns } from "./host-runs.ts";
import { hostWorkspace, type HostedParts } from "./host-workspace.ts";
import { HostWaits } from "./host-waits.ts";
import { HostWorkspaces } from "./host-workspaces.ts";
import { createKeeper } from "./keep/keeper.ts";
import { countedPort } from "./observe/counted-port.ts";
import type { Log } from "./observe/logging.ts";
import { UNOBSERVED, type Observe } from "./observe/observe.ts";
import { composeStored, openBacking, type Backing } from "./open-stored.ts";
import { openPools } from "./process/pools.ts";
import { createDispatcher, type Dispatcher } from "./queue/dispatcher.ts";
import { createHeartbeat } from "./queue/heartbeat.ts";
import { createInProcessQueue } from "./queue/in-process-queue.ts";
import { leaving } from "./queue/leaving.ts";
import type { Queue } from "./queue/queue.ts";
import { createReaper } from "./queue/reaper.ts";

export interface HostOptions {
  readonly config: Config;
  /** Whether it takes executions, or only answers for others that do. */
  readonly works: boolean;
  readonly log: Log;
  readonly observe?: Observe | undefined;
}

export interface OpenedHost extends Host {
  /** What it stands on: for what is composed beside it. Closed with it. */
  readonly backing: Backing;
}

/** Children kept ready beside those in use. */
const SPARES = 2;
/** Callers beyond the slots whose executions a lone host prepares: pinned and loaded while they wait for a process. */
const AHEAD = 2;
/** As long as the executions before it may take: what has been taken is not given up for having to wait. */
const PATIENCE_MS = 24 * 60 * 60 * 1000;

/** Rejects with ERR_CONFIG_INVALID, ERR_DATABASE_UNAVAILABLE or ERR_REDIS_UNAVAILABLE. */
export async function openHost({ config, works, log, observe = UNOBSERVED }: HostOptions): Promise<OpenedHost> {
  if (!works && config.redisUrl === undefined) throw needsRedis();
  await using opened = new AsyncDisposableStack();
  const { processes, cacheDirectory, required, slots } = config;
  const pools = opened.adopt(openPools({ processes, spares: works ? SPARES : 0, zodAhead: works, cacheDirectory, required, maxWaitMs: PATIENCE_MS }), (each) =>
    each.close(),
  );
  if (works) pools.children(config.defaults.tier).warm();
  const backing = opened.adopt(observedBacking(await openBacking(config), observe), (each) => each.close());
  const note = (message: string): void => log.warn(message);
  const { db, server: describeServer, exclusive } = backing.database;
  let id = randomUUID() as string;
  const host = (): string => id;
  const ledger = countedPort(createLedger({ db, describeServer, exclusive, maxRunning: config.defaults.maxRunning }), observe);
  const records = countedPort(createDatabaseRecords({ db, describeServer, host }), observe);
  const { live, queue } = await openTransport({ config, ledger, host, log: note });
  opened.use(live);
  opened.use(queue);
  const watch = opened.use(createLiveWatch(live));

  const workspaces = opened.use(
    new HostWorkspaces({ backing, log: note, compose: (workspace) => composeStored({ backing, pools, records, workspace, log: note }) }),
  );
  const runs = new HostRuns({ ledger, live, queue, workspaces, observe, log: (message, about) => log.error(message, about) });
  opened.use(observeHost(observe, { ledger, runs, workspaces, pools, waitingHere: () => dispatcher?.waitingHere() ?? new Map(), slots: works ? slots : 0 }));
  const cancel = (executionId: string): void => {
    // What another executes is in no hands but those of its workspace.
    if (!runs.cancel(executionId))
      void workspaces
        .whereRuns(executionId)
        ?.cancel(executionId)
        .catch(() => undefined);
  };
  opened.use(live.listen((notice) => notice.type === "cancel" && cancel(notice.id)));

  const waits = new HostWaits();
  let isAlone = exclusive;
  let dispatcher: Dispatcher | undefined;
  const draining = Promise.withResolvers<void>();
  let isLeaving = false;

  async function takeNewId(): Promise<void> {
    runs.loseAll();
    id = randomUUID();
  }

  if (works) {
    const heartbeat = createHeartbeat({
      ledger,
      host,
      name: config.hostName,
      slots,
      onCancelling: (ids) => ids.forEach(cancel),
      onDead: takeNewId,
      log: note,
    });
    opened.use(heartbeat);
    await heartbeat.beat();
    if (exclusive) await reapOthers(ledger, { host, log: note });
    dispatcher = createDispatcher({
      ledger,
      queue,
      host,
      slots,
      isAlone: () => isAlone,
      ahead: AHEAD,
      run: (claimed, ran) => runs.run(claimed, ran),
      log: note,
    });
  }
  opened.use(
    createReaper({
      ledger,
      host,
      beforeReaping: (dead) => saveLiveLines({ ledger, live }, dead),
      onReaped: (_, { ended, waiting }) => afterReaping(ended, waiting),
      onSeen: (others) => (isAlone = !others.some(({ slots: theirs }) => theirs > 0)),
      onExpired: (expired) => afterReaping(expired, 0),
      log: note,
    }),
  );
  const onClosed = ({ ended, waiting }: Awaited<ReturnType<Ledger["reap"]>>): void => afterReaping(ended, waiting);
  if (works) opened.use(createStrays({ ledger, host, has: (each) => runs.has(each) || workspaces.whereRuns(each) !== undefined, onClosed, log: note }));
  opened.use(createKeeper({ database: backing.database, defaults: config.defaults, log: note }));

  function afterReaping(ended: readonly { readonly id: string; readonly workspace: string }[], waiting: number): void {
    for (const each of ended) {
      live.drop(each.workspace, each.id);
      // It would expire by itself: what the dead host held in Redis is let go sooner.
      void backing.store.releaseLease(each.workspace, each.id).catch(() => undefined);
      void live.announce({ type: "ended", ...each });
    }
    if (ended.length > 0) observe.count("reaped executions", ended.length);
    if (waiting > 0) void dispatcher?.look();
  }

  const parts: HostedParts = {
    ledger,
    live,
    queue,
    records,
    runs,
    observe,
    watch,
    waits,
    host,
    reserve: (workspace, how) => dispatcher?.reserve(workspace, how),
    checkOpen() {
      if (isLeaving) throw leaving();
    },
  };

  async function drain(timeoutMs: number): Promise<void> {
    if (isLeaving) return await draining.promise;
    isLeaving = true;
    dispatcher?.stop();
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), timeoutMs);
    patience.signal.addEventListener("abort", () => runs.leave(), { once: true });
    await dispatcher?.settled();
    await runs.settled();
    // What is waited for now runs on other hosts; where there are none it waits for the next start.
    if (exclusive) patience.abort();
    await waits.end(patience.signal);
    clearTimeout(timer);
    draining.resolve();
  }

  const resources = opened.move();
  let closing: Promise<void> | undefined;
  return {
    backing,
    get id() {
      return id;
    },
    workspace: async (name, options) => hostWorkspace(await workspaces.byName(name, options), parts),
    workspaces: () => workspaces.names(),
    readiness: () => readiness({ backing, config, isLeaving: () => isLeaving }),
    drain,
    [Symbol.asyncDispose]: () => (closing ??= drain(0).then(() => resources[Symbol.asyncDispose]())),
  };
}

interface TransportParts {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly host: () => string;
  readonly log: (message: string) => void;
}

async function openTransport({ config: { redisUrl: url }, ledger, host, log }: TransportParts): Promise<{ readonly live: Live; readonly queue: Queue }> {
  if (url === undefined) return { live: withKeptLines(createInProcessLive(), { ledger, host }), queue: createInProcessQueue() };
  const [{ createRedisLive }, { createRedisQueue }] = await Promise.all([import("./executions/redis-live.ts"), import("./queue/redis-queue.ts")]);
  return { live: createRedisLive({ url }), queue: createRedisQueue({ url, log }) };
}

/** The directory is this process's alone: whoever held executions in it before is gone. */
async function reapOthers(ledger: Ledger, { host, log }: { readonly host: () => string; readonly log: (message: string) => void }): Promise<void> {
  for (const each of await ledger.hosts()) {
    if (each.id === host()) continue;
    const { ended, waiting } = await ledger.reap(each.id);
    if (ended.length + waiting > 0) log(`Of a process that ended without a word, ${ended.length} executions are ended now and ${waiting} wait again.`);
  }
}

function needsRedis(): Fault {
  return new Fault(
    "ERR_CONFIG_INVALID",
    "REDIS_URL is not set, and without Redis nobody hears of executions but the process that was asked for them. Set REDIS_URL, or serve and execute in one process: serve --work, or serve --embedded.",
    { details: { setting: "REDIS_URL" } },
  );
}
