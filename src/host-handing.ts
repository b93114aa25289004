// What becomes of an execution that ran, or could not begin: its end, or another attempt.
import { FAULTS, Fault, type FaultCode } from "./errors.ts";
import type { Execution } from "./completion.ts";
import { fromFault, simpleError } from "./execution-error.ts";
import type { ClaimedExecution, Ledger } from "./executions/ledger.ts";
import { persistently } from "./executions/persistently.ts";
import { closed, retryLine } from "./host-ends.ts";
import type { Holding, Taken } from "./host-holding.ts";
import type { Observe } from "./observe/observe.ts";
import type { Queue } from "./queue/queue.ts";
import { retryAfter } from "./queue/retry.ts";

export interface HandingParts {
  readonly ledger: Pick<Ledger, "handBack" | "endUnbegun" | "keepLines">;
  readonly queue: Pick<Queue, "ring">;
  readonly observe: Pick<Observe, "count">;
  readonly log: (message: string, about: { readonly executionId: string }) => void;
}

export interface Handing {
  /** What is recorded of it; undefined where it waits again. */
  ending(taken: Taken, ran: { readonly holding: Holding; readonly execution: Execution }): Promise<Execution | undefined>;
  /** `error` kept it from beginning. */
  notBegun(claimed: ClaimedExecution, failed: { readonly holding: Holding; readonly error: unknown }): Promise<void>;
  /** As `notBegun`, for one that somebody waits for right here and is told the error: where its row was made, it is closed. */
  notBegunHere(holding: Holding, error: unknown): Promise<void>;
}

export function createHanding({ ledger, queue, observe, log }: HandingParts): Handing {
  async function handBack({ priority }: Taken, holding: Holding, options: { readonly dueInMs: number; readonly counts: boolean }): Promise<boolean> {
    const back = await persistently(() => ledger.handBack(holding.claim, options), { signal: holding.lost.signal });
    if (!back) return false;
    holding.handedBack = true;
    if (options.counts) observe.count("retries");
    void queue.ring({ executionId: holding.claim.id, dueInMs: options.dueInMs, priority });
    return true;
  }

  async function end(holding: Holding, fault: Fault | undefined): Promise<void> {
    const isCancelled = fault?.code === "ERR_CANCELLED";
    const error = fault === undefined ? simpleError("ERR_INTERNAL", "Error", FAULTS.ERR_INTERNAL.meaning) : fromFault(fault, () => undefined);
    const how = { status: isCancelled ? ("Cancelled" as const) : ("Failed" as const), error };
    await persistently(() => ledger.endUnbegun(holding.claim, how), { signal: holding.lost.signal });
  }

  function faultOf(error: unknown, { claim: { id: executionId } }: Holding): Fault | undefined {
    if (error instanceof Fault) return error;
    log(`A defect kept an execution from beginning: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, { executionId });
    return undefined;
  }

  return {
    async ending(taken, { holding, execution }) {
      if (holding.stoppedFor === "leave" && execution.status === "Cancelled") {
        if (taken.retry.idempotent && (await handBack(taken, holding, { dueInMs: 0, counts: false }))) return undefined;
        return { ...execution, status: "Failed", error: fromFault(closed(), () => undefined) };
      }
      if (execution.status !== "Failed" && execution.status !== "Timeout") return execution;
      const dueInMs = retryAfter(taken.retry, taken.attempt, { error: execution.error, begun: true });
      if (dueInMs === undefined) return execution;
      const lines = [...execution.logs, retryLine(execution, taken, dueInMs)];
      await persistently(() => ledger.keepLines(holding.claim, lines), { signal: holding.lost.signal });
      return (await handBack(taken, holding, { dueInMs, counts: true })) ? undefined : execution;
    },

    async notBegun(claimed, { holding, error }) {
      const fault = faultOf(error, holding);
      if (fault?.code === "ERR_EXECUTION_ENDED") return;
      // This host is going, and another takes it.
      const isGoing = fault?.code === "ERR_EXECUTOR_CLOSED" || (holding.stoppedFor === "leave" && fault?.code === "ERR_CANCELLED");
      if (isGoing && (await handBack(claimed, holding, { dueInMs: 0, counts: false }))) return;
      const code: FaultCode = fault?.code ?? "ERR_INTERNAL";
      const dueInMs = code === "ERR_CANCELLED" ? undefined : retryAfter(claimed.retry, claimed.attempt, { error: { code }, begun: false });
      if (dueInMs !== undefined && (await handBack(claimed, holding, { dueInMs, counts: true }))) return;
      await end(holding, fault);
    },

    notBegunHere: async (holding, error) => await end(holding, faultOf(error, holding)),
  };
}
