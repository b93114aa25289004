// Transpiles untrusted source in killable processes. One job that is too much costs itself only: what else its child
// held is done by another. Equal jobs in flight are done once.
import { availableParallelism } from "node:os";
import { Fault } from "../errors.ts";
import { compiledKeyOf } from "../modules/compile-key.ts";
import type { CompiledKey } from "../modules/content-hash.ts";
import type { CompileRequest } from "../modules/compiler/transpile.ts";
import type { CompiledModule } from "../modules/module-record.ts";
import { TranspileProcess } from "./transpile-process.ts";
import type { TranspileAnswer, TranspileProcessEvents } from "./transpile-process.ts";

export interface TranspilePoolOptions {
  /** Node to run the children with; this process's own by default. */
  readonly execPath?: string;
  /** Most children at once; 2 or the number of cores. */
  readonly size?: number;
  /** Wall-clock limit of one module, in milliseconds; 10 s. */
  readonly timeoutMs?: number;
  /** Heap of a child in MiB; 512. */
  readonly memoryMb?: number;
  /** Where V8's code cache of the compiler is kept between processes. */
  readonly cacheDirectory?: string;
}

/** A fault is the author's (ERR_MODULE_SYNTAX: too complex), or ours. A syntax error is no fault: `ok` carries it in its diagnostics. */
export type TranspileOutcome = { readonly ok: CompiledModule } | { readonly fault: Fault };

export interface TranspilePool extends AsyncDisposable {
  /** One outcome for each request, in their order. Never rejects. */
  compile(requests: readonly CompileRequest[]): Promise<readonly TranspileOutcome[]>;
  /** Starts one child ahead of need. */
  warm(): void;
  /** Ends every child; what is in flight ends as ERR_EXECUTOR_CLOSED. */
  close(): Promise<void>;
}

interface Job {
  readonly id: number;
  readonly key: CompiledKey;
  readonly request: CompileRequest;
  readonly settle: (outcome: TranspileOutcome) => void;
  crashes: number;
}

/** Starting a child costs as much as some fifty modules. */
const WORTH_A_CHILD = 40;
const MAX_CRASHES = 2;
const MAX_FAILED_STARTS = 3;
const SLOW_MS = 1000;

export function createTranspilePool(options: TranspilePoolOptions = {}): TranspilePool {
  const { size = Math.min(2, availableParallelism()), timeoutMs = 10_000 } = options;
  const processOptions = {
    execPath: options.execPath ?? process.execPath,
    cacheDirectory: options.cacheDirectory,
    timeoutMs,
    slowMs: Math.min(SLOW_MS, timeoutMs / 4),
    memoryMb: options.memoryMb ?? 512,
  };
  const processes = new Set<TranspileProcess>();
  const jobs = new Map<number, Job>();
  const inFlight = new Map<CompiledKey, Promise<TranspileOutcome>>();
  let queue: Job[] = [];
  let nextId = 1;
  let failedStarts = 0;
  let closed = false;

  return {
    async compile(requests) {
      const outcomes = requests.map(compileOnce);
      serve();
      return await Promise.all(outcomes);
    },
    warm() {
      if (!closed && processes.size === 0) start();
    },
    close,
    [Symbol.asyncDispose]: close,
  };

  function compileOnce(request: CompileRequest): Promise<TranspileOutcome> {
    const key = compiledKeyOf(request);
    const before = inFlight.get(key);
    if (before !== undefined) return before;
    const { promise, resolve } = Promise.withResolvers<TranspileOutcome>();
    const job: Job = { id: nextId++, key, request, settle: resolve, crashes: 0 };
    inFlight.set(key, promise);
    jobs.set(job.id, job);
    queue.push(job);
    if (closed) settle(job, { fault: closedFault() });
    return promise;
  }

  function settle(job: Job, outcome: TranspileOutcome): void {
    jobs.delete(job.id);
    inFlight.delete(job.key);
    job.settle(outcome);
  }

  // Gives out what is queued, evenly, and starts a child where there is none to take it or too much for those there are.
  function serve(): void {
    queue = queue.filter((job) => jobs.has(job.id));
    if (queue.length === 0 || closed) return;
    while (processes.size < size && (!canWait() || queue.length >= WORTH_A_CHILD * processes.size)) start();
    const free = [...processes].filter((each) => each.room > 0);
    free.forEach((each, index) => {
      const share = Math.ceil(queue.length / (free.length - index));
      const given = queue.splice(0, Math.min(each.room, share));
      if (given.length > 0) each.give(given.map(({ id, request }) => ({ id, request })));
    });
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
        queue.unshift(...heldJobs(ids));
        serve();
      },
      onGone({ reason, wasReady, running, waiting }) {
        processes.delete(child);
        queue.unshift(...heldJobs(waiting));
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
    settle(job, answer.kind === "done" ? { ok: answer.compiled } : { fault: tooComplex("depth", answer.message) });
  }

  // A child may have been ended by someone else, so a crash is believed the second time.
  function blame(job: Job, reason: "time" | "crash"): void {
    job.crashes += 1;
    if (reason === "time") settle(job, { fault: tooComplex("time", `it took more than ${timeoutMs / 1000} s`) });
    else if (job.crashes >= MAX_CRASHES) settle(job, { fault: tooComplex("memory", "the compiler ran out of memory") });
    else queue.unshift(job);
  }

  function failStart(): void {
    failedStarts += 1;
    if (failedStarts < MAX_FAILED_STARTS) return;
    failedStarts = 0;
    const fault = new Fault("ERR_INTERNAL", `The transpile process does not start with ${processOptions.execPath}.`);
    for (const job of queue.splice(0)) settle(job, { fault });
  }

  async function close(): Promise<void> {
    closed = true;
    for (const job of jobs.values()) settle(job, { fault: closedFault() });
    const ending = [...processes].map((each) => each.stop());
    processes.clear();
    await Promise.all(ending);
  }
}

function tooComplex(reason: "time" | "memory" | "depth", told: string): Fault {
  return new Fault("ERR_MODULE_SYNTAX", `The module is too complex to compile: ${told}. Split it, or move large data into a JSON module.`, {
    name: "SyntaxError",
    details: { reason },
  });
}

function closedFault(): Fault {
  return new Fault("ERR_EXECUTOR_CLOSED", "The executor is closing and compiles no more modules.");
}
