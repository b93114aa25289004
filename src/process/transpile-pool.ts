// Transpiles untrusted source in killable processes. One job that is too much costs itself only: what else its child
// held is done by another, nobody waits for somebody else's, and it is not tried again. Equal jobs in flight are done once.
import { availableParallelism } from "node:os";
import { LRUCache } from "lru-cache";
import { Fault } from "../errors.ts";
import { compiledKeyOf } from "../modules/compile-key.ts";
import { refusalFault, type CompileRefusal } from "../modules/compile-refusal.ts";
import type { CompiledKey } from "../modules/content-hash.ts";
import type { CompileRequest } from "../modules/compiler/transpile.ts";
import type { CompiledModule } from "../modules/module-record.ts";
import type { LayerPlan } from "./child-start.ts";
import { planLayers } from "./hardening/plan-layers.ts";
import { TranspileProcess } from "./transpile-process.ts";
import type { TranspileProcessEvents } from "./transpile-process.ts";
import type { TranspileAnswer } from "./transpile-protocol.ts";
import { TranspileQueue } from "./transpile-queue.ts";

export interface TranspilePoolOptions {
  /** Node to run the children with; this process's own by default. */
  readonly execPath?: string;
  /** Most children that get on with their work at once; 2 or the number of cores. As many again may be at something slow. */
  readonly size?: number;
  /** Processor time of one module, in milliseconds; 5 s. */
  readonly timeoutMs?: number;
  /** Heap of a child in MiB; 512. */
  readonly memoryMb?: number;
  /** Where V8's code cache of the compiler is kept between processes. */
  readonly cacheDirectory?: string;
  /** What the children are wrapped in; what the platform has where absent. */
  readonly layers?: LayerPlan;
}

/** A fault is the author's (ERR_NESTING_LIMIT: too complex), or ours. A syntax error is no fault: `ok` carries it in its diagnostics. */
export type TranspileOutcome = { readonly ok: CompiledModule } | { readonly fault: Fault };

export interface TranspilePool extends AsyncDisposable {
  /** One outcome for each request, in their order. Never rejects. Tenants are served in turn. */
  compile(requests: readonly CompileRequest[], options?: { readonly tenant?: string | undefined }): Promise<readonly TranspileOutcome[]>;
  /** Starts one child ahead of need. */
  warm(): void;
  /** Ends every child; what is in flight ends as ERR_EXECUTOR_CLOSED. */
  close(): Promise<void>;
}

/** What was asked for together, such as all files of a push: however many of them are bombs, it ends. */
interface Call {
  readonly jobs: Set<Job>;
  /** Spent on what was refused, in limits of one module. */
  wasted: number;
}

interface Job {
  readonly id: number;
  readonly tenant: string;
  readonly call: Call;
  /** Of tenant and key: what one tenant's call gives up must not be another's. */
  readonly flight: string;
  readonly key: CompiledKey;
  readonly request: CompileRequest;
  readonly settle: (outcome: TranspileOutcome) => void;
  crashes: number;
}

/** Starting a child costs as much as some fifty modules. */
const WORTH_A_CHILD = 40;
const MAX_CRASHES = 2;
/** After so much waste the other modules of a call get a tenth of the time, which is enough for all but the largest; then none. */
const PATIENCE = 4;
const MAX_WASTE = 8;
const IMPATIENCE = 0.1;
/** Whatever is refused at the cost of its child wastes at least this, because another has to be started. */
const CHILD_WASTE = 0.25;
const MAX_FAILED_STARTS = 3;
/** Of honest modules only the largest take as long. */
const SLOW_MS = 500;
/** A source that was refused is refused at once when it comes again: for this many sources, for this long. */
const REMEMBERED = { max: 10_000, ttl: 10 * 60_000 };

export function createTranspilePool(options: TranspilePoolOptions = {}): TranspilePool {
  const { size = Math.min(2, availableParallelism()), timeoutMs = 5000 } = options;
  const processOptions = {
    execPath: options.execPath ?? process.execPath,
    cacheDirectory: options.cacheDirectory,
    layers: options.layers ?? planLayers({ cacheDirectory: options.cacheDirectory }),
    slowMs: Math.min(SLOW_MS, timeoutMs / 4),
    memoryMb: options.memoryMb ?? 512,
  };
  const processes = new Set<TranspileProcess>();
  const jobs = new Map<number, Job>();
  const inFlight = new Map<string, Promise<TranspileOutcome>>();
  const refused = new LRUCache<CompiledKey, Fault>(REMEMBERED);
  const queue = new TranspileQueue<Job>((job) => jobs.has(job.id));
  let nextId = 1;
  let failedStarts = 0;
  let closed = false;

  return {
    async compile(requests, { tenant = "" } = {}) {
      const isNew = ![...jobs.values()].some((job) => job.tenant === tenant);
      const call: Call = { jobs: new Set(), wasted: 0 };
      const outcomes = requests.map((request) => compileOnce(request, { tenant, call }));
      queue.add([...call.jobs]);
      if (isNew && [...processes].every((each) => each.room === 0)) for (const each of processes) each.recall();
      serve();
      return await Promise.all(outcomes);
    },
    warm() {
      if (!closed && processes.size === 0) start();
    },
    close,
    [Symbol.asyncDispose]: close,
  };

  function compileOnce(request: CompileRequest, { tenant, call }: { readonly tenant: string; readonly call: Call }): Promise<TranspileOutcome> {
    const key = compiledKeyOf(request);
    const flight = `${tenant}/${key}`;
    const before = inFlight.get(flight);
    if (before !== undefined) return before;
    const { promise, resolve } = Promise.withResolvers<TranspileOutcome>();
    const fault = closed ? closedFault() : refused.get(key);
    if (fault !== undefined) {
      resolve({ fault });
      return promise;
    }
    const job: Job = { id: nextId++, tenant, call, flight, key, request, settle: resolve, crashes: 0 };
    inFlight.set(flight, promise);
    jobs.set(job.id, job);
    call.jobs.add(job);
    return promise;
  }

  function settle(job: Job, outcome: TranspileOutcome): void {
    jobs.delete(job.id);
    inFlight.delete(job.flight);
    job.call.jobs.delete(job);
    job.settle(outcome);
  }

  function refuse(job: Job, refusal: CompileRefusal): void {
    const fault = refusalFault(refusal);
    const { call } = job;
    const isBomb = refusal.reason === "time" || refusal.reason === "memory";
    // What had less time than others may be compiled another day.
    if (!isBomb || limitOf(job) === timeoutMs) refused.set(job.key, fault);
    if (isBomb) call.wasted += Math.max(limitOf(job) / timeoutMs, CHILD_WASTE);
    else if (refusal.reason === "stack") call.wasted += CHILD_WASTE;
    settle(job, { fault });
    if (call.wasted < MAX_WASTE) return;
    for (const other of call.jobs) settle(other, { fault: givenUp() });
  }

  function limitOf({ call }: Job): number {
    return call.wasted < PATIENCE ? timeoutMs : timeoutMs * IMPATIENCE;
  }

  // Gives out what is queued, evenly, and starts a child where there is none to take it or too much for those there are.
  function serve(): void {
    if (closed) return;
    const held = slowTenants();
    while (mayStart() && queue.waiting(held) > 0 && (!canWait() || queue.waiting(held) >= WORTH_A_CHILD * processes.size)) start();
    const free = [...processes].filter((each) => each.room > 0);
    free.forEach((each, index) => {
      const share = Math.ceil(queue.waiting(held) / (free.length - index));
      const given = queue.take(Math.min(each.room, share), held);
      if (given.length > 0) each.give(given.map((job) => ({ id: job.id, request: job.request, limitMs: limitOf(job) })));
    });
  }

  // Who has one child at something slow waits for it: the others are for everybody else.
  function slowTenants(): ReadonlySet<string> {
    return new Set([...processes].flatMap(({ stuckAt }) => (stuckAt === undefined ? [] : (jobs.get(stuckAt)?.tenant ?? []))));
  }

  function mayStart(): boolean {
    return processes.size < 2 * size && [...processes].filter((each) => !each.stuck).length < size;
  }

  // A short queue is sooner done by a child that is at work than by a new one; not by one that is stuck.
  function canWait(): boolean {
    return [...processes].some((each) => !each.stuck);
  }

  function start(): void {
    const events: TranspileProcessEvents = {
      onAnswer(answer) {
        failedStarts = 0;
        hear(answer);
        serve();
      },
      onGivenBack(ids) {
        queue.add(heldJobs(ids), { first: true });
      },
      onSlow: serve,
      onGone({ reason, wasReady, running, waiting }) {
        processes.delete(child);
        queue.add(heldJobs(waiting), { first: true });
        if (!wasReady) failStart();
        for (const job of heldJobs(running === undefined ? [] : [running])) blame(job, reason);
        serve();
      },
    };
    const child = new TranspileProcess(processOptions, events);
    processes.add(child);
  }

  function heldJobs(ids: readonly number[]): readonly Job[] {
    return ids.flatMap((id) => jobs.get(id) ?? []);
  }

  function hear(answer: TranspileAnswer): void {
    const job = jobs.get(answer.id);
    if (job === undefined) return;
    if (answer.kind === "done") settle(job, { ok: answer.compiled });
    else if (answer.kind === "refused") refuse(job, answer.refusal);
    else settle(job, { fault: new Fault("ERR_INTERNAL", `The module could not be compiled: ${answer.message}`) });
  }

  // A child may have been ended by someone else, so a crash is believed the second time.
  function blame(job: Job, reason: "time" | "memory" | "crash"): void {
    job.crashes += 1;
    if (reason === "time") refuse(job, { reason, limit: limitOf(job) });
    else if (reason === "memory" || job.crashes >= MAX_CRASHES) refuse(job, { reason: "memory", limit: processOptions.memoryMb * 1024 * 1024 });
    else queue.add([job], { first: true });
  }

  function failStart(): void {
    failedStarts += 1;
    if (failedStarts < MAX_FAILED_STARTS) return;
    failedStarts = 0;
    const fault = new Fault("ERR_INTERNAL", `The transpile process does not start with ${processOptions.execPath}.`);
    for (const job of queue.take(Infinity, new Set())) settle(job, { fault });
  }

  async function close(): Promise<void> {
    closed = true;
    for (const job of jobs.values()) settle(job, { fault: closedFault() });
    const ending = [...processes].map((each) => each.stop());
    processes.clear();
    await Promise.all(ending);
  }
}

function givenUp(): Fault {
  const message = "The module was not compiled: too many that came with it are more complex than may be compiled. Mend those first.";
  return new Fault("ERR_NESTING_LIMIT", message, { name: "SyntaxError", details: { reason: "time" } });
}

function closedFault(): Fault {
  return new Fault("ERR_EXECUTOR_CLOSED", "The executor is closing and compiles no more modules.");
}
