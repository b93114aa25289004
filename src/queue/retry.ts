// Whether an execution that failed is tried again, and when. A retry keeps snapshot and input: what these alone have
// caused comes again, so only what another attempt can mend is tried again.
import type { RetryPolicy } from "../executions/ledger.ts";
import { FAULTS, type FaultCode } from "../errors.ts";

const LONGEST_BACKOFF_MS = 3_600_000;

export interface EndedAttempt {
  /** Absent where it did not fail; without a code where the author's own code threw. */
  readonly error?: { readonly code?: FaultCode | undefined } | undefined;
  /** Whether author code began. */
  readonly begun: boolean;
}

/** Milliseconds until the next attempt; undefined where there is none. `attempt` is the one that ended: 1 for the first. */
export function retryAfter(policy: RetryPolicy, attempt: number, { error, begun }: EndedAttempt): number | undefined {
  if (error === undefined || attempt >= policy.attempts || !isWorthAnother(policy, error.code, begun)) return undefined;
  return Math.min(policy.backoffMs * 2 ** (attempt - 1), LONGEST_BACKOFF_MS);
}

function isWorthAnother({ idempotent }: RetryPolicy, code: FaultCode | undefined, begun: boolean): boolean {
  if (code === "ERR_CANCELLED") return false;
  const fault = code === undefined ? undefined : FAULTS[code];
  if (!idempotent) return !begun && fault?.retryable === true;
  return fault?.owner !== "caller" && (begun || fault?.owner !== "author");
}
