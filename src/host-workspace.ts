// One workspace as its callers see it on any host: what they ask is kept in the ledger, run where there is room, and heard
// of from wherever it runs.
import { randomUUIDv7 } from "node:crypto";
import { once } from "node:events";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import type { Execution } from "./completion.ts";
import { Fault } from "./errors.ts";
import { checkId, checkInputSize } from "./executions/asked.ts";
import { followLines, type FollowParts } from "./executions/follow-lines.ts";
import { isEnded } from "./executions/is-ended.ts";
import { DEFAULT_RETRY, type AcceptedOrder, type ExecutionState, type RetryPolicy } from "./executions/ledger.ts";
import type { Live } from "./executions/live.ts";
import type { Ledger } from "./executions/ledger.ts";
import type { ExecutionRecords } from "./executions/records.ts";
import { cancellationOf } from "./executions/running.ts";
import { waitForEnd } from "./executions/wait-for-end.ts";
import type { Executor } from "./executor.ts";
import { hasEnded, type HostedWorkspace, type Submission, type WaitOptions } from "./host.ts";
import { faultOf } from "./host-ends.ts";
import type { HostRuns } from "./host-runs.ts";
import { LiveWake } from "./executions/live-wake.ts";
import type { HostWaits } from "./host-waits.ts";
import { checkSubmission } from "./host-submission.ts";
import { lowerLimits } from "./limits.ts";
import type { Observe } from "./observe/observe.ts";
import type { Dispatcher } from "./queue/dispatcher.ts";
import type { Queue } from "./queue/queue.ts";
import type { SnapshotId } from "./snapshot/snapshot-record.ts";

export interface HostedParts extends FollowParts {
  readonly ledger: Ledger;
  readonly live: Live;
  readonly queue: Queue;
  readonly records: ExecutionRecords;
  readonly runs: HostRuns;
  readonly observe: Observe;
  readonly waits: HostWaits;
  readonly host: () => string;
  /** A slot of this host for what is run without waiting; undefined where there is none. */
  reserve: Dispatcher["reserve"];
  /** Throws ERR_EXECUTOR_CLOSED once the host is leaving. */
  checkOpen(): void;
}

/** Whoever waits for it, or follows it, is told of a failure, and may ask again. */
const ONCE: RetryPolicy = Object.freeze({ ...DEFAULT_RETRY, attempts: 1 });

interface Elsewhere {
  readonly options: WaitOptions;
  /** Aborts when it has ended here. */
  readonly isOver: AbortSignal;
  readonly isNew: boolean;
}

const LOOK_AGAIN_MS = 50;
const DESCRIBE_PATIENCE_MS = 2000;
/** Notices may be lost with Redis; then the end is looked for. */
const LOOK_AFTER_MS = 5000;
/** Whoever waits for less is answered with how it stands, and that must be known to all. */
const SHORT_WAIT_MS = 2000;

export function hostWorkspace(executor: Executor, parts: HostedParts): HostedWorkspace {
  const { ledger, live, queue, records, runs, waits, observe, host } = parts;
  const { id: workspace, limits, maxRunning } = executor.workspace;

  async function orderOf(submission: Submission, policy?: RetryPolicy): Promise<AcceptedOrder> {
    parts.checkOpen();
    checkSubmission(submission);
    checkId(submission.id);
    checkInputSize(submission.inputJson, limits);
    lowerLimits(limits, submission.limits ?? {});
    const { workflow, executable } = await executor.resolve(submission.reference, submission.snapshotId);
    const { id = randomUUIDv7(), priority = 0, snapshotId, delayMs: dueInMs, retry: mayRetry = true, ...rest } = submission;
    const retry = policy ?? (mayRetry ? await retryOf(executable) : ONCE);
    return { ...rest, dueInMs, id, workspace, workflow, priority, retry, snapshotId: snapshotId as SnapshotId | undefined };
  }

  /** What the author says of it is read when it is saved, and a moment later: whoever saves and submits at once here waits for that moment. */
  async function retryOf(executable: () => Promise<{ readonly retry: RetryPolicy | null } | undefined>): Promise<RetryPolicy> {
    const stop = new AbortController();
    await Promise.race([executor.settled(), sleep(DESCRIBE_PATIENCE_MS, undefined, { signal: stop.signal }).catch(() => undefined)]).finally(() =>
      stop.abort(),
    );
    return (await executable())?.retry ?? DEFAULT_RETRY;
  }

  async function accept(order: AcceptedOrder): Promise<{ readonly id: string; readonly isNew: boolean }> {
    const span = observe.span("submit", { kind: "producer", parent: order.traceparent, attributes: { "bifrost.workflow": order.workflow } });
    try {
      const { id, isNew } = await ledger.accept({ ...order, traceparent: span.traceparent ?? order.traceparent });
      const dueInMs = order.dueAt === undefined ? (order.dueInMs ?? 0) : Math.max(0, Date.parse(order.dueAt) - Date.now());
      if (isNew) void queue.ring({ executionId: id, dueInMs, priority: order.priority });
      span.end();
      return { id, isNew };
    } catch (error) {
      span.end(error);
      throw error;
    }
  }

  async function stateOf(id: string): Promise<ExecutionState> {
    const state = await ledger.state(workspace, id);
    if (state !== undefined) return state;
    throw new Fault("ERR_EXECUTION_NOT_FOUND", `No execution of this workspace has the id ${id}.`, { details: { id } });
  }

  async function result(id: string, { waitMs, signal: caller }: WaitOptions = {}): Promise<Execution | ExecutionState> {
    const status = await waits.wait(caller, (signal) => waitForEnd(parts, { workspace, id, waitMs, signal }));
    return status !== undefined && isEnded(status) ? await envelopeOf(id) : await stateOf(id);
  }

  async function envelopeOf(id: string): Promise<Execution> {
    const execution = (await records.get(workspace, id))?.execution;
    if (execution !== undefined) return execution;
    throw new Fault("ERR_EXECUTION_NOT_FOUND", `The execution ${id} is no longer kept.`, { details: { id } });
  }

  async function execute(submission: Submission, options: WaitOptions = {}): Promise<Execution | ExecutionState> {
    const order = await orderOf(submission, ONCE);
    const execution = (await runHere(order, submission, options)) ?? (await runAnywhere(order, options));
    const fault = hasEnded(execution) && execution.snapshotId === "" ? faultOf(execution) : undefined;
    // It never began: its error is the caller's answer, and no envelope.
    if (fault !== undefined && fault.code !== "ERR_CANCELLED") throw fault;
    return execution;
  }

  /** Undefined where it must be known to others before it runs, or this host has no room. */
  async function runHere(order: AcceptedOrder, { id, priority = 0 }: Submission, options: WaitOptions): Promise<Execution | ExecutionState | undefined> {
    const { waitMs = Infinity, signal: caller } = options;
    const mustBeKnown =
      id !== undefined ||
      order.idempotencyKey !== undefined ||
      order.dueAt !== undefined ||
      order.dueInMs !== undefined ||
      waitMs < SHORT_WAIT_MS ||
      maxRunning > 0;
    if (mustBeKnown) return undefined;
    // Who has a say in how long it waits, or before whom, waits in the ledger.
    const waits = priority === 0 && order.maxWaitMs === undefined;
    const late = new AbortController();
    const timer = waitMs === Infinity ? undefined : setTimeout(() => late.abort(), waitMs);
    const gone = caller === undefined ? late.signal : AbortSignal.any([late.signal, caller]);
    try {
      const reserved = parts.reserve(workspace, { waits, signal: gone });
      if (reserved === undefined) return undefined;
      const askedAt = performance.now();
      const slot = await reserved.catch((error: unknown) => orAborted(gone, error));
      // Nobody waits here for it any more: it is kept, and waits with the others.
      if (slot === undefined) return await stateOf((await accept(order)).id);
      const running = runInSlot(order, { slot, queuedMs: performance.now() - askedAt });
      return waitMs === Infinity ? await running : await untilLate(order.id, running, late.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  async function runInSlot(order: AcceptedOrder, { slot, queuedMs }: { readonly slot: Disposable; readonly queuedMs: number }): Promise<Execution> {
    using _slot = slot;
    const rounded = queuedMs < 1 ? undefined : Math.round(queuedMs * 100) / 100;
    return await runs.runNew(order, { host: host(), executor, queuedMs: rounded, ran: () => slot[Symbol.dispose]() });
  }

  /** The end, or how it stands when time is up: not before there is something to be found under its id. */
  async function untilLate(id: string, running: Promise<Execution>, late: AbortSignal): Promise<Execution | ExecutionState> {
    const stop = new AbortController();
    // Where nobody waits for it any more, its end is in the record.
    running.catch(() => undefined).finally(() => stop.abort());
    const over = AbortSignal.any([stop.signal, late]);
    if (!over.aborted) await once(over, "abort");
    while (!stop.signal.aborted) {
      const state = await ledger.state(workspace, id);
      if (state !== undefined) return state;
      await sleep(LOOK_AGAIN_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
    return await running;
  }

  async function runAnywhere(order: AcceptedOrder, options: WaitOptions): Promise<Execution | ExecutionState> {
    using here = runs.expect(order.id);
    const { id, isNew } = await accept(order);
    const stop = new AbortController();
    try {
      return await waits.wait(options.signal, async (caller) => {
        const signal = AbortSignal.any([stop.signal, caller]);
        return await Promise.race([here.ended, endedElsewhere(id, { isNew, options: { ...options, signal }, isOver: stop.signal })]);
      });
    } finally {
      stop.abort();
    }
  }

  /** What ends here says so before it is heard of: then nobody waits for this any more, and nothing is asked. */
  async function endedElsewhere(id: string, { options, isOver, isNew }: Elsewhere): Promise<Execution | ExecutionState> {
    const { waitMs = Infinity, signal } = options;
    const beganAt = performance.now();
    // One that was known before may have ended already, and nobody says so again.
    const mayHaveEnded = !isNew || (await heardOf(id, { waitMs: Math.min(LOOK_AFTER_MS, waitMs), signal }));
    await setImmediate();
    isOver.throwIfAborted();
    // What cannot be read now is waited for.
    const stored = mayHaveEnded ? await records.get(workspace, id).catch(() => undefined) : undefined;
    if (stored?.execution !== undefined) return stored.execution;
    const left = waitMs === Infinity ? undefined : Math.max(0, waitMs - (performance.now() - beganAt));
    return await result(id, { waitMs: left, signal });
  }

  async function heardOf(id: string, { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal | undefined }): Promise<boolean> {
    const woken = new LiveWake();
    let isHeard = false;
    using _heard = parts.watch.on(id, (what) => {
      if (what !== "ended" && what !== "resumed") return;
      isHeard = true;
      woken.wake();
    });
    await woken.wait(waitMs, signal);
    return isHeard;
  }

  return {
    executor,
    async submit(submission) {
      return await stateOf((await accept(await orderOf(submission))).id);
    },
    execute,
    async validate({ reference, inputJson, limits: asked, snapshotId }) {
      return await executor.run(reference, inputJson, { mode: "validate", limits: lowerLimits(limits, asked ?? {}), snapshotId });
    },
    state: stateOf,
    result,
    async list({ workflow, ...filter } = {}) {
      // A path, with its export or for all of them, is told by its dot; anything else is a name or an id, which stands for one export.
      const exact = workflow === undefined || /[./]/u.test(workflow) ? workflow : (await executor.resolve(workflow)).workflow;
      return await ledger.list(workspace, { ...filter, workflow: exact });
    },
    async cancel(id) {
      const step = await ledger.cancel(workspace, id);
      if (step?.kind === "cancelled") {
        void live.announce({ type: "ended", workspace, id });
        return { id, phase: "waiting" };
      }
      if (step?.kind === "cancelling") void live.announce({ type: "cancel", workspace, id });
      const execution = step === undefined ? undefined : await result(id);
      if (execution === undefined || !hasEnded(execution))
        throw new Fault("ERR_EXECUTION_NOT_FOUND", `No execution of this workspace has the id ${id}.`, { details: { id } });
      return cancellationOf(execution);
    },
    lines: (id, options = {}) => followLines(parts, { workspace, id, ...options }),
  };
}

/** Undefined where it was the signal. */
function orAborted(signal: AbortSignal, error: unknown): undefined {
  if (!signal.aborted) throw error;
  return undefined;
}
