// The executions that one host holds: from being taken to being ended, handed back or lost. Whatever happens to one, its row
// ends up ended or waiting, by this host or, where its claim is gone, by another.
import { FAULTS, Fault, type FaultCode } from "./errors.ts";
import type { Execution } from "./completion.ts";
import { closed, retryLine } from "./host-ends.ts";
import { fromFault, simpleError } from "./execution-error.ts";
import type { AcceptedOrder, Claim, ClaimedExecution, Ledger } from "./executions/ledger.ts";
import type { Live } from "./executions/live.ts";
import type { Held } from "./executions/order.ts";
import { persistently } from "./executions/persistently.ts";
import type { Executor } from "./executor.ts";
import type { HostWorkspaces } from "./host-workspaces.ts";
import { lowerLimits } from "./limits.ts";
import type { Observe, Span } from "./observe/observe.ts";
import type { Queue } from "./queue/queue.ts";
import { retryAfter } from "./queue/retry.ts";

export interface HostRunsOptions {
  readonly ledger: Ledger;
  readonly live: Live;
  readonly queue: Queue;
  readonly workspaces: HostWorkspaces;
  readonly observe: Observe;
  readonly log: (message: string, about: { readonly executionId: string }) => void;
}

interface Holding {
  readonly claim: Claim;
  /** Ends the run. */
  readonly stop: AbortController;
  /** The claim is gone: nothing is written any more. */
  readonly lost: AbortController;
  executor: Executor | undefined;
  /** Gives its slot to the next. */
  readonly ran: () => void;
  /** Whether there are live lines of it. */
  hasSaid: boolean;
  readonly over: PromiseWithResolvers<void>;
  /** The host is leaving and does not wait for it. */
  leaving: boolean;
}

type Taken = AcceptedOrder & Claim & { readonly queuedMs?: number | undefined } & Pick<ClaimedExecution, "attempt">;

interface NewRun {
  readonly host: string;
  readonly executor: Executor;
  /** How long it waited for its slot; absent where it did not. */
  readonly queuedMs: number | undefined;
  readonly ran: () => void;
}

/** Running, and ended but not recorded yet, at which the recording is waited for. */
const MOST_HELD = 200;

export class HostRuns {
  readonly #options: HostRunsOptions;
  readonly #held = new Map<string, Holding>();
  readonly #awaited = new Map<string, PromiseWithResolvers<Execution>>();

  constructor(options: HostRunsOptions) {
    this.#options = options;
  }

  /** How many it holds, by name of their workspace. */
  countsByWorkspace(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { claim } of this.#held.values()) {
      const name = this.#options.workspaces.nameOf(claim.workspace);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  }

  /** Of one that was taken from those that wait. Never rejects. */
  async run(claimed: ClaimedExecution, ran: () => void): Promise<void> {
    const { log } = this.#options;
    const holding = this.#hold(claimed, ran);
    try {
      await this.#runClaimed(claimed, holding);
    } catch (error) {
      if (!holding.lost.signal.aborted)
        log(`An execution was given up: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, { executionId: claimed.id });
    } finally {
      this.#release(holding);
    }
  }

  /** Of one that nobody knows of yet, and somebody waits for here. Rejects where it does not begin: then there is nothing of it. */
  async runNew(order: AcceptedOrder, { host, executor, queuedMs, ran }: NewRun): Promise<Execution> {
    const claim: Claim = { id: order.id, workspace: order.workspace, host, fence: 1 };
    const holding = this.#hold(claim, ran);
    try {
      const taken = { ...order, ...claim, attempt: 1, queuedMs };
      return await this.#execute(taken, { holding, executor, held: { ...this.#heldOf(taken, holding), accepted: order } });
    } finally {
      this.#release(holding);
    }
  }

  /** The envelope of one that ends here, without asking the record; undefined where it is not known to come here. Disposing forgets it. */
  expect(id: string): { readonly ended: Promise<Execution> } & Disposable {
    const awaited = this.#awaited.get(id) ?? Promise.withResolvers<Execution>();
    this.#awaited.set(id, awaited);
    return { ended: awaited.promise, [Symbol.dispose]: () => void this.#awaited.delete(id) };
  }

  has(id: string): boolean {
    return this.#held.has(id);
  }

  /** True where it is in the hands of this host. */
  cancel(id: string): boolean {
    const holding = this.#held.get(id);
    holding?.stop.abort();
    return holding !== undefined;
  }

  /** Others took this host for dead: what it held is theirs. */
  loseAll(): void {
    for (const { lost, stop } of this.#held.values()) {
      lost.abort();
      stop.abort();
    }
  }

  /** What still runs is stopped: it waits again where it may be run twice, and has failed where it may not. */
  leave(): void {
    for (const holding of this.#held.values()) {
      holding.leaving = true;
      holding.stop.abort();
    }
  }

  /** Resolves when it holds nothing any more. */
  async settled(): Promise<void> {
    while (this.#held.size > 0) await Promise.all([...this.#held.values()].map(({ over }) => over.promise));
  }

  #hold({ id, workspace, host, fence }: Claim, ran: () => void): Holding {
    const holding: Holding = {
      ran,
      hasSaid: fence > 1,
      over: Promise.withResolvers(),
      claim: { id, workspace, host, fence },
      stop: new AbortController(),
      lost: new AbortController(),
      executor: undefined,
      leaving: false,
    };
    this.#held.set(id, holding);
    return holding;
  }

  #release(holding: Holding): void {
    const { id, workspace } = holding.claim;
    holding.over.resolve();
    // Handed back, it may be held here again already: that attempt is another's to end.
    if (this.#held.get(id) === holding) {
      this.#held.delete(id);
      if (holding.hasSaid) this.#options.live.drop(workspace, id);
    }
    void this.#options.live.announce({ type: "ended", workspace, id });
  }

  async #runClaimed(claimed: ClaimedExecution, holding: Holding): Promise<void> {
    const { ledger, workspaces } = this.#options;
    const { id, workspace, attempt } = claimed;
    try {
      const executor = await workspaces.byId(workspace);
      const earlierLines = attempt === 1 ? [] : await ledger.lines(workspace, id, { after: 0 });
      const execution = await this.#execute(claimed, { holding, executor, held: { ...this.#heldOf(claimed, holding), earlierLines } });
      this.#awaited.get(id)?.resolve(execution);
    } catch (error) {
      if (holding.lost.signal.aborted) return;
      await this.#notBegun(claimed, { holding, error });
    }
  }

  async #execute(
    taken: Taken,
    { holding, executor, held }: { readonly holding: Holding; readonly executor: Executor; readonly held: Held },
  ): Promise<Execution> {
    const { live, observe } = this.#options;
    const { id, workspace, fence, limits, snapshotId, queuedMs } = taken;
    holding.executor = executor;
    const span = observe.span("execution", { kind: "consumer", parent: taken.traceparent, attributes: attributesOf(taken, executor) });
    const say = (line: Parameters<Live["append"]>[2]): void => {
      holding.hasSaid = true;
      live.append(workspace, id, line);
    };
    try {
      const execution = await executor.run(taken.reference, taken.inputJson, {
        id,
        held,
        queuedMs,
        snapshotId,
        limits: lowerLimits(executor.workspace.limits, limits ?? {}),
        signal: holding.stop.signal,
        onLog: (line) => say({ line, fence }),
        onHostCall: (name) => this.#observeCall(name, span),
        onNestedLog: (line, from) => say({ line, from, fence }),
      });
      this.#observeEnd(execution, { executor, span });
      return execution;
    } catch (error) {
      span.end(error);
      throw error;
    }
  }

  #observeCall(name: string, parent: Span): (answered: { readonly ok: boolean }) => void {
    const span = this.#options.observe.span("host call", { parent, attributes: { "bifrost.host_call": name } });
    return ({ ok }) => {
      span.set({ "bifrost.host_call.ok": ok });
      span.end();
    };
  }

  #observeEnd({ id, status, error, timings }: Execution, { executor, span }: { readonly executor: Executor; readonly span: Span }): void {
    const { observe } = this.#options;
    span.set({ status });
    observe.ended({ id, workspace: executor.workspace.name, status, code: error?.code, timings }, span);
    span.end(error);
  }

  #heldOf(taken: Taken, holding: Holding): Held {
    return { claim: holding.claim, earlierLines: [], lost: holding.lost.signal, ending: (execution) => this.#ending(taken, { holding, execution }) };
  }

  /** What is recorded of it; undefined where it waits again. */
  async #ending(taken: Taken, { holding, execution }: { readonly holding: Holding; readonly execution: Execution }): Promise<Execution | undefined> {
    // What author code used is free; that the end is still to be written need not keep others waiting, unless that has become a backlog.
    if (this.#held.size < MOST_HELD) holding.ran();
    if (holding.leaving && execution.status === "Cancelled") {
      if (taken.retry.idempotent && (await this.#handBack(taken, { dueInMs: 0, counts: false }))) return undefined;
      const error = fromFault(closed(), () => undefined);
      return { ...execution, status: "Failed", error };
    }
    if (execution.status !== "Failed" && execution.status !== "Timeout") return execution;
    const dueInMs = retryAfter(taken.retry, taken.attempt, { error: execution.error, begun: true });
    if (dueInMs === undefined) return execution;
    await persistently(() => this.#options.ledger.keepLines(holding.claim, [...execution.logs, retryLine(execution, taken, dueInMs)]), this.#until(holding));
    return (await this.#handBack(taken, { dueInMs, counts: true })) ? undefined : execution;
  }

  async #notBegun(claimed: ClaimedExecution, { holding, error }: { readonly holding: Holding; readonly error: unknown }): Promise<void> {
    const { ledger, log } = this.#options;
    const fault = error instanceof Fault ? error : undefined;
    if (fault === undefined)
      log(`A defect kept an execution from beginning: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, { executionId: claimed.id });
    if (fault?.code === "ERR_EXECUTION_ENDED") return;
    // This host is going, and another takes it.
    const isGoing = fault?.code === "ERR_EXECUTOR_CLOSED" || (holding.leaving && fault?.code === "ERR_CANCELLED");
    if (isGoing && (await this.#handBack(claimed, { dueInMs: 0, counts: false }))) return;
    const code: FaultCode = fault?.code ?? "ERR_INTERNAL";
    const dueInMs = code === "ERR_CANCELLED" ? undefined : retryAfter(claimed.retry, claimed.attempt, { error: { code }, begun: false });
    if (dueInMs !== undefined && (await this.#handBack(claimed, { dueInMs, counts: true }))) return;
    const end = {
      status: code === "ERR_CANCELLED" ? ("Cancelled" as const) : ("Failed" as const),
      error: fault === undefined ? simpleError("ERR_INTERNAL", "Error", FAULTS.ERR_INTERNAL.meaning) : fromFault(fault, () => undefined),
    };
    await persistently(() => ledger.endUnbegun(holding.claim, end), this.#until(holding));
  }

  async #handBack(taken: Taken, options: { readonly dueInMs: number; readonly counts: boolean }): Promise<boolean> {
    const { ledger, queue, observe } = this.#options;
    const { id, workspace, host, fence, priority } = taken;
    const holding = this.#held.get(id);
    const back = await persistently(() => ledger.handBack({ id, workspace, host, fence }, options), this.#until(holding));
    if (!back) return false;
    if (options.counts) observe.count("retries");
    void queue.ring({ executionId: id, dueInMs: options.dueInMs, priority });
    return true;
  }

  #until(holding: Holding | undefined): { readonly signal: AbortSignal } {
    return { signal: holding?.lost.signal ?? AbortSignal.abort() };
  }
}

function attributesOf({ id, workflow, attempt }: Taken, executor: Executor): Readonly<Record<string, string | number>> {
  return { "bifrost.execution.id": id, "bifrost.workflow": workflow, "bifrost.workspace": executor.workspace.name, "bifrost.attempt": attempt };
}
