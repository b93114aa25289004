// The envelope as a caller reads it: from the text of a command, or from an answer; and its result, or why there is none.
import type { Execution, ExecutionError } from "../completion.ts";
import { FAULTS, isFaultCode, type FaultKind } from "../errors.ts";

/** What `run-workflow --json` prints where no execution began. */
export interface Refusal {
  readonly version: 1;
  readonly error: { readonly code: string; readonly name: string; readonly message: string; readonly details?: Readonly<Record<string, unknown>> };
}

/** Thrown by `resultOf` for every envelope that holds no success. */
export class ExecutionFailure extends Error {
  override readonly name = "ExecutionFailure";
  /** A fault's code; undefined where the author's own code threw. */
  readonly code: string | undefined;
  readonly envelope: Execution | Refusal;

  constructor(error: Pick<ExecutionError, "name" | "message"> & { readonly code?: string }, envelope: Execution | Refusal) {
    super(`${error.name}: ${error.message}`);
    this.code = error.code;
    this.envelope = envelope;
  }

  /** Who must act, and whether the same call may succeed later; undefined where the author's own code threw. */
  get fault(): FaultKind | undefined {
    return isFaultCode(this.code) ? FAULTS[this.code] : undefined;
  }
}

/** Reads the text that `run-workflow --json` prints. Throws TypeError, quoting the beginning, where it is no envelope of version 1. */
export function parseEnvelope(text: string): Execution | Refusal {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TypeError(`This is no envelope, for it is no JSON: ${JSON.stringify(text.slice(0, 80))}`, { cause });
  }
  const envelope = value as { readonly version?: unknown; readonly status?: unknown; readonly error?: unknown } | null;
  if (typeof envelope !== "object" || envelope === null || (typeof envelope.status !== "string" && typeof envelope.error !== "object")) {
    throw new TypeError(`This is no envelope: ${JSON.stringify(text.slice(0, 80))}`);
  }
  if (envelope.version !== 1) throw new TypeError(`This is an envelope of version ${JSON.stringify(envelope.version)}; this client reads version 1`);
  return envelope as Execution | Refusal;
}

/** The result of an execution that ended with Success; every other end is thrown as ExecutionFailure. */
export function resultOf(envelope: Execution | Refusal): unknown {
  if ("status" in envelope && envelope.status === "Success") return envelope.result;
  if (envelope.error !== undefined) throw new ExecutionFailure(envelope.error, envelope);
  throw new ExecutionFailure({ name: "CompletedWithErrors", message: "The workflow returned success: false" }, envelope);
}
