// One execution in the hands of a host: its claim, and what can still be done to it.
import type { AcceptedOrder, Claim, ClaimedExecution } from "./executions/ledger.ts";

export type Taken = AcceptedOrder & Claim & { readonly queuedMs?: number | undefined } & Pick<ClaimedExecution, "attempt">;

export interface Holding {
  readonly claim: Claim;
  /** Ends the run. */
  readonly stop: AbortController;
  /** The claim is gone: nothing is written any more. */
  readonly lost: AbortController;
  /** Gives its slot to the next. */
  readonly ran: () => void;
  readonly over: PromiseWithResolvers<void>;
  /** Whether there are live lines of it. */
  hasSaid: boolean;
  /** Why it was stopped, by whoever came first: its caller, or the host that does not wait for it any longer. */
  stoppedFor: "cancel" | "leave" | undefined;
  /** It waits again: what this attempt came to is not its end. */
  handedBack: boolean;
}

export function createHolding({ id, workspace, host, fence }: Claim, ran: () => void): Holding {
  return {
    claim: { id, workspace, host, fence },
    stop: new AbortController(),
    lost: new AbortController(),
    ran,
    over: Promise.withResolvers(),
    hasSaid: fence > 1,
    stoppedFor: undefined,
    handedBack: false,
  };
}

export function stopHolding(holding: Holding, reason: NonNullable<Holding["stoppedFor"]>): void {
  holding.stoppedFor ??= reason;
  holding.stop.abort();
}
