// What of an execution a caller may see who is not an admin of the workspace (B91). CLI and harness are admins and do not come here.
import type { Execution, ExecutionError } from "./completion.ts";
import { FAULTS, isFaultCode, type FaultCode } from "./errors.ts";
import type { ExecutionState, ExecutionSummary } from "./executions/ledger.ts";

/** Faults about what the caller sent: their message and details speak of nothing else, and without them the caller could not act. */
const ABOUT_THE_INPUT: ReadonlySet<FaultCode> = new Set(["ERR_INPUT_INVALID", "ERR_INPUT_TOO_LARGE"]);

const GENERIC = "The workflow failed. Whoever runs it can see why, under this execution's id.";

const BY_OWNER = {
  author: GENERIC,
  limits: "The workflow was stopped before it ended. Whoever runs it can see why, under this execution's id.",
  caller: "The request could not be carried out.",
  operator: "The workflow could not be run at this time. Try again later.",
  project: GENERIC,
} as const;

/**
 * The execution with a failure's details taken out: no stack, frames, causes, logs or modules. The message of a UserError
 * stays as it is; any other gives way to a general one, beside its code. What did not fail is returned unchanged.
 */
export function forCaller(execution: Execution): Execution {
  const { error } = execution;
  return error === undefined ? execution : { ...execution, error: publicError(error), logs: [], modules: [] };
}

/** As `forCaller`, of one that may not have ended; also without the host, which is the operator's matter. */
export function stateForCaller(whole: ExecutionState): ExecutionState {
  const { host: _, ...state } = whole;
  const { error } = state;
  return error === undefined ? state : { ...state, error: publicError(error), modules: [] };
}

/** A line of a list. */
export function summaryForCaller(whole: ExecutionSummary): ExecutionSummary {
  const { host: _, ...summary } = whole;
  const { error } = summary;
  if (error === undefined || error.userFacing === true) return summary;
  if (!isFaultCode(error.code)) return { ...summary, error: { name: "Error", message: GENERIC } };
  return ABOUT_THE_INPUT.has(error.code) ? summary : { ...summary, error: { code: error.code, name: "Error", message: BY_OWNER[FAULTS[error.code].owner] } };
}

function publicError(error: ExecutionError): ExecutionError {
  if (error.userFacing === true) return { ...bare(error.name, error.message), userFacing: true };
  const { code } = error;
  if (code === undefined) return bare("Error", GENERIC);
  if (!ABOUT_THE_INPUT.has(code)) return { code, ...bare("Error", BY_OWNER[FAULTS[code].owner]) };
  return { code, ...bare(error.name, error.message), ...(error.details === undefined ? {} : { details: error.details }) };
}

function bare(name: string, message: string): ExecutionError {
  return { name, message, stack: `${name}: ${message}`, frames: [] };
}
