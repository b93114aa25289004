// From what a room or a fault says to the error of the envelope: positions mapped to the TypeScript source, frames of
// ours and host details left out.
import type { GuestError } from "../sandbox/host.d.ts";
import type { ExecutionError, StackFrame } from "./completion.ts";
import { isFaultCode, type Fault, type FaultCode } from "./errors.ts";

export interface MappedStack {
  /** Author frames as `path:line:column`; `eval`, native and `async` forms are kept. */
  readonly stack: string;
  readonly frames: readonly StackFrame[];
}

export type MapStack = (stack: string) => MappedStack;

const MAX_CAUSES = 8;

/** An error the author's code threw, or one that the host put into the room (then it has a code). */
export function fromGuestError(error: GuestError, mapStack: MapStack, depth = 0): ExecutionError {
  const { stack, frames } = mapStack(error.stack === "" ? `${error.name}: ${error.message}` : error.stack);
  return {
    ...(isFaultCode(error.code) ? { code: error.code } : {}),
    name: error.name,
    message: error.message,
    stack,
    frames,
    ...(error.userFacing === true ? { userFacing: true } : {}),
    ...(typeof error.executionId === "string" ? { details: { executionId: error.executionId } } : {}),
    ...(error.cause !== undefined && depth < MAX_CAUSES ? { cause: fromGuestError(error.cause, mapStack, depth + 1) } : {}),
  };
}

/** A failure of ours to describe; where its details name a place, that place is the one frame. */
export function fromFault(fault: Fault, hashOf: (path: string) => string | undefined): ExecutionError {
  const place = placeOf(fault.details, hashOf);
  // As Node names such errors; "Fault" is a word of ours.
  const name = fault.name === "Fault" ? "Error" : fault.name;
  return {
    code: fault.code,
    name,
    message: fault.message,
    stack: `${name}: ${fault.message}${place === undefined ? "" : `\n    at ${place.path}:${place.line}:${place.column}`}`,
    frames: place === undefined ? [] : [place],
    ...(Object.keys(fault.details).length > 0 ? { details: fault.details } : {}),
  };
}

export function simpleError(code: FaultCode, name: string, message: string, details?: Readonly<Record<string, unknown>>): ExecutionError {
  return { code, name, message, stack: `${name}: ${message}`, frames: [], ...(details === undefined ? {} : { details }) };
}

function placeOf(details: Readonly<Record<string, unknown>>, hashOf: (path: string) => string | undefined): StackFrame | undefined {
  const path = details["importer"] ?? details["path"];
  const { line, column } = details;
  if (typeof path !== "string" || typeof line !== "number" || typeof column !== "number") return undefined;
  return { path, line, column, hash: hashOf(path) ?? "" };
}
