// The executions that one host holds: from being taken to being ended, handed back or lost. Whatever happens to one, its row
// ends up ended or waiting, by this host or, where its claim is gone, by another.
import { Fault } from "./errors.ts";
import type { Execution } from "./completion.ts";
import type { AcceptedOrder, Claim, ClaimedExecution, Ledger } from "./executions/ledger.ts";
import type { Live } from "./executions/live.ts";
import type { Held } from "./executions/order.ts";
import type { Executor } from "./executor.ts";
import { createHanding, type Handing } from "./host-handing.ts";
import { createHolding, stopHolding, type Holding, type Taken } from "./host-holding.ts";
import type { HostWorkspaces } from "./host-workspaces.ts";
import { lowerLimits } from "./limits.ts";
import type { Observe, Span } from "./observe/observe.ts";
import { leaving } from "./queue/leaving.ts";
import type { Queue } from "./queue/queue.ts";

export interface HostRunsOptions {
  readonly ledger: Ledger;
  readonly live: Live;
  readonly queue: Queue;
  readonly workspaces: HostWorkspaces;
  readonly observe: Observe;
  readonly log: (message: string, about: { readonly executionId: string }) => void;
}

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
  readonly #handing: Handing;
  readonly #held = new Map<string, Holding>();
  readonly #awaited = new Map<string, PromiseWithResolvers<Execution>>();

  constructor(options: HostRunsOptions) {
    this.#options = options;
    this.#handing = createHanding(options);
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
    // Others took this host for dead while it ran here, and gave it back: what is left of that goes first.
    await this.#held.get(claimed.id)?.over.promise;
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
    } catch (error) {
      await this.#handing.notBegunHere(holding, error);
      throw holding.stoppedFor === "leave" && error instanceof Fault && error.code === "ERR_CANCELLED" ? leaving() : error;
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
    if (holding !== undefined) stopHolding(holding, "cancel");
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
    for (const holding of this.#held.values()) stopHolding(holding, "leave");
  }

  /** Resolves when it holds nothing any more. */
  async settled(): Promise<void> {
    while (this.#held.size > 0) await Promise.all([...this.#held.values()].map(({ over }) => over.promise));
  }

  #hold(claim: Claim, ran: () => void): Holding {
    const holding = createHolding(claim, ran);
    this.#held.set(claim.id, holding);
    return holding;
  }

  #release(holding: Holding): void {
    const { id, workspace } = holding.claim;
    if (this.#held.get(id) === holding) this.#held.delete(id);
    holding.over.resolve();
    const { live } = this.#options;
    if (holding.hasSaid && !holding.handedBack) live.drop(workspace, id);
    if (!holding.handedBack) void live.announce({ type: "ended", workspace, id });
  }

  async #runClaimed(claimed: ClaimedExecution, holding: Holding): Promise<void> {
    const { ledger, workspaces } = this.#options;
    const { id, workspace, attempt } = claimed;
    try {
      const executor = await workspaces.byId(workspace);
      const earlierLines = attempt === 1 ? [] : await ledger.lines(workspace, id, { after: 0 });
      const execution = await this.#execute(claimed, { holding, executor, held: { ...this.#heldOf(claimed, holding), earlierLines } });
      if (!holding.handedBack) this.#awaited.get(id)?.resolve(execution);
    } catch (error) {
      if (holding.lost.signal.aborted) return;
      await this.#handing.notBegun(claimed, { holding, error });
    }
  }

  async #execute(
    taken: Taken,
    { holding, executor, held }: { readonly holding: Holding; readonly executor: Executor; readonly held: Held },
  ): Promise<Execution> {
    const { live, observe } = this.#options;
    const { id, workspace, fence, limits, snapshotId, queuedMs } = taken;
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
      if (holding.handedBack) span.end(execution.error);
      else this.#observeEnd(execution, { executor, span });
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
    const ending = async (execution: Execution): Promise<Execution | undefined> => {
      // What author code used is free; that the end is still to be written need not keep others waiting, unless that has become a backlog.
      if (this.#held.size < MOST_HELD) holding.ran();
      return await this.#handing.ending(taken, { holding, execution });
    };
    return { claim: holding.claim, earlierLines: [], lost: holding.lost.signal, ending };
  }
}

function attributesOf({ id, workflow, attempt }: Taken, executor: Executor): Readonly<Record<string, string | number>> {
  return { "bifrost.execution.id": id, "bifrost.workflow": workflow, "bifrost.workspace": executor.workspace.name, "bifrost.attempt": attempt };
}
