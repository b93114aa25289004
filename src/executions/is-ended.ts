// Which statuses are ends.
import type { ExecutionStatus, TerminalStatus } from "../completion.ts";

const ENDS: Readonly<Record<ExecutionStatus, boolean>> = {
  Scheduled: false,
  Pending: false,
  Running: false,
  Cancelling: false,
  Success: true,
  Failed: true,
  Timeout: true,
  Stuck: true,
  CompletedWithErrors: true,
  Cancelled: true,
};

export function isEnded(status: ExecutionStatus): status is TerminalStatus {
  return ENDS[status];
}
