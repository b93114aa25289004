// How the ends that a host gives by itself are told: to the record, in the log, and to callers who wait.
import type { Execution } from "./completion.ts";
import { Fault, isFaultCode } from "./errors.ts";
import type { RetryPolicy } from "./executions/ledger.ts";

interface Attempted {
  readonly attempt: number;
  readonly retry: RetryPolicy;
}

/** Of what still ran when its host had to go. */
export function closed(): Fault {
  return new Fault(
    "ERR_EXECUTOR_CLOSED",
    "The executor that ran it was shut down before it ended. It may have done part of its work: look at its logs before it is run again.",
    {
      name: "ExecutorClosedError",
    },
  );
}

/** The line between two attempts. */
export function retryLine({ error, status, logs }: Execution, { attempt, retry }: Attempted, dueInMs: number): Execution["logs"][number] {
  const why = error === undefined ? status : `${error.name}: ${error.message.slice(0, 500)}`;
  return {
    sequence: logs.length + 1,
    level: "warn",
    message: `[attempt ${attempt} of ${retry.attempts} failed: ${why}; the next begins in ${dueInMs} ms]`,
    timestamp: new Date().toISOString(),
  };
}

/** For a caller who waits: whether an end without a beginning is to be told as a fault. */
export function faultOf({ error }: Pick<Execution, "error">): Fault | undefined {
  if (error?.code === undefined || !isFaultCode(error.code)) return undefined;
  return new Fault(error.code, error.message, { name: error.name, details: error.details ?? {} });
}
