// How a command leaves: its exit code, from the fault table and from how the execution ended.
import type { Execution } from "../completion.ts";
import { Fault, FAULTS, isFaultCode } from "../errors.ts";

export const EXIT_SUCCESS = 0;
export const EXIT_AUTHOR = 1;
export const EXIT_USAGE = 2;
export const EXIT_UNAVAILABLE = FAULTS.ERR_DATABASE_UNAVAILABLE.exitCode;
export const EXIT_INTERRUPTED = 130;

export function exitCodeOf({ status, error }: Pick<Execution, "status" | "error">): number {
  if (status === "Success") return EXIT_SUCCESS;
  if (status === "CompletedWithErrors") return EXIT_AUTHOR;
  // A service that is newer than this command may give a code that this one does not know.
  if (isFaultCode(error?.code)) return FAULTS[error.code].exitCode;
  if (status === "Timeout") return FAULTS.ERR_TIMEOUT_WALL.exitCode;
  if (status === "Cancelled") return EXIT_INTERRUPTED;
  if (status === "Stuck") return FAULTS.ERR_PROCESS_CRASH.exitCode;
  return EXIT_AUTHOR;
}

/** For what was thrown where no execution began. Whatever is not a Fault is a defect of ours. */
export function exitCodeOfThrown(thrown: unknown): number {
  if (!(thrown instanceof Fault)) return FAULTS.ERR_INTERNAL.exitCode;
  if (isFaultCode(thrown.code)) return FAULTS[thrown.code].exitCode;
  return thrown.owner === "caller" ? EXIT_USAGE : EXIT_UNAVAILABLE;
}
