// What is observed as metrics in Prometheus' text form, in a registry of its own. The only home of prom-client.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { CACHES, COUNTS, GAUGES, type GaugeName, type Observe, type Reading } from "./observe.ts";

export interface Metrics extends Omit<Observe, "span"> {
  readonly contentType: string;
  /** For `GET /metrics`. Never rejects: what cannot be read in time is left out. */
  text(): Promise<string>;
}

export interface MetricsOptions {
  /** Of the process: processor time, memory, event loop, garbage collection. True where absent. */
  readonly process?: boolean | undefined;
  /** How long a gauge may take to be read; 1,000 where absent. */
  readonly readWithinMs?: number | undefined;
}

/** Of names that tenants choose there is no bound: the highest are told, the rest as one. */
const MOST_NAMES = 20;
const THE_REST = "(others)";

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

interface GaugeAbout {
  readonly name: string;
  readonly help: string;
  readonly label?: "workspace" | "state" | "status";
}

const ABOUT_GAUGES: Readonly<Record<GaugeName, GaugeAbout>> = {
  running: { name: "bifrost_executions_running", help: "Executions that this host runs, by workspace.", label: "workspace" },
  waiting: { name: "bifrost_executions_waiting", help: "Executions that wait for a host, over all hosts, by workspace.", label: "workspace" },
  slots: { name: "bifrost_slots", help: "Executions that this host may run at once." },
  children: { name: "bifrost_children", help: "Child processes of this host, by state.", label: "state" },
  "children waited for": { name: "bifrost_child_waiters", help: "Executions on this host that wait for a child process." },
  "queue depth": { name: "bifrost_queue_depth", help: "Executions that have not ended, over all hosts, by status.", label: "status" },
  hosts: { name: "bifrost_hosts", help: "Executor hosts that beat." },
};

const ABOUT_COUNTS = {
  "database errors": { name: "bifrost_database_errors_total", help: "Requests that the database did not answer." },
  "redis errors": { name: "bifrost_redis_errors_total", help: "Requests that Redis did not answer." },
  retries: { name: "bifrost_retries_total", help: "Executions that were put back to be tried again." },
  "reaped executions": { name: "bifrost_reaped_executions_total", help: "Executions taken from hosts that died." },
} as const satisfies Record<(typeof COUNTS)[number], object>;

export function createMetrics({ process: ofProcess = true, readWithinMs = 1000 }: MetricsOptions = {}): Metrics {
  const registers = [new Registry()] as const;
  const [registry] = registers;
  if (ofProcess) collectDefaultMetrics({ register: registry });

  const executions = new Counter({
    name: "bifrost_executions_total",
    help: "Executions that ended on this host, by status and error code.",
    labelNames: ["status", "code"],
    registers: [...registers],
  });
  const phases = new Histogram({
    name: "bifrost_execution_phase_seconds",
    help: "Where the time of executions went, by phase.",
    labelNames: ["phase"],
    buckets: SECONDS,
    registers: [...registers],
  });
  const requests = new Histogram({
    name: "bifrost_http_request_seconds",
    help: "Requests answered, by method, route and status.",
    labelNames: ["method", "route", "status"],
    buckets: SECONDS,
    registers: [...registers],
  });
  const lookups = new Counter({
    name: "bifrost_cache_lookups_total",
    help: "Look-ups in caches, by cache and result.",
    labelNames: ["cache", "result"],
    registers: [...registers],
  });
  // Absent is not zero: what can happen stands there from the start, so that a rate of it can be asked for.
  for (const cache of CACHES) for (const result of ["hit", "miss"]) lookups.inc({ cache, result }, 0);
  const counters = new Map(COUNTS.map((count) => [count, new Counter({ ...ABOUT_COUNTS[count], registers: [...registers] })] as const));

  const readers = new Map<GaugeName, Set<() => Reading | Promise<Reading>>>(GAUGES.map((name) => [name, new Set()]));
  for (const name of GAUGES) {
    const { label, ...about } = ABOUT_GAUGES[name];
    const gauge = new Gauge({
      ...about,
      labelNames: label === undefined ? [] : [label],
      registers: [],
      async collect() {
        this.reset();
        const read = [...(readers.get(name) ?? [])].map((each) => readWithin(readWithinMs, each));
        const { total, byName } = added((await Promise.all(read)).filter((reading) => reading !== undefined));
        if (label === undefined) return total === undefined ? this.remove() : this.set(total);
        for (const [each, value] of bounded(byName)) this.set({ [label]: each }, value);
      },
    });
    registry.registerMetric(gauge);
  }

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    ended({ status, code, timings = {} }) {
      executions.inc({ status, code: code ?? "" });
      for (const [phase, ms] of Object.entries(timings)) if (typeof ms === "number") phases.observe({ phase }, ms / 1000);
    },
    answered({ method, route, status, ms }) {
      requests.observe({ method, route, status: String(status) }, ms / 1000);
    },
    count: (name, amount = 1) => counters.get(name)?.inc(amount),
    looked(cache, { hits, misses }) {
      if (hits > 0) lookups.inc({ cache, result: "hit" }, hits);
      if (misses > 0) lookups.inc({ cache, result: "miss" }, misses);
    },
    gauge(name, read) {
      // A function of its own, so that the same one given twice is two.
      const own = (): Reading | Promise<Reading> => read();
      readers.get(name)?.add(own);
      return { [Symbol.dispose]: () => void readers.get(name)?.delete(own) };
    },
  };
}

/** Undefined for what fails or takes too long: metrics must come also where the database is away. */
async function readWithin(milliseconds: number, read: () => Reading | Promise<Reading>): Promise<Reading | undefined> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([Promise.resolve(read()), new Promise<undefined>((resolve) => (timer = setTimeout(resolve, milliseconds, undefined)))]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** Of several pools, say, that one gauge is about. */
function added(readings: readonly Reading[]): { readonly total: number | undefined; readonly byName: ReadonlyMap<string, number> } {
  const byName = new Map<string, number>();
  let total: number | undefined;
  for (const reading of readings) {
    if (typeof reading === "number") total = (total ?? 0) + reading;
    else for (const [name, value] of reading) byName.set(name, (byName.get(name) ?? 0) + value);
  }
  return { total, byName };
}

function bounded(byName: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  const highest = [...byName].toSorted(([, one], [, other]) => other - one);
  const rest = highest.slice(MOST_NAMES);
  if (rest.length === 0) return highest;
  return [...highest.slice(0, MOST_NAMES), [THE_REST, rest.reduce((sum, [, value]) => sum + value, 0)]];
}
