// Turns whatever author code threw into the text of a GuestError, and what the host reports into an error of the
// realm. A thrown value may be hostile: getters and proxies may throw, causes may form a ring.
import { describeValue } from "./describe-value.ts";
import {
  defineHidden,
  defineVisible,
  hasOwn,
  isArray,
  isError,
  isInstance,
  RealmAggregateError,
  RealmError,
  RealmEvalError,
  RealmRangeError,
  RealmReferenceError,
  RealmSyntaxError,
  RealmTypeError,
  RealmUriError,
  RealmWeakMap,
  sliceText,
  weakGet,
  weakSet,
} from "./intrinsics.ts";
import { quote, recordText } from "./json-text.ts";
import { isUserError, UserError } from "./sdk/user-error.ts";

const MAX_CAUSES = 8;
const MAX_LISTED = 10;
const MAX_NAME_CHARACTERS = 1000;
const MAX_CHARACTERS = 1_000_000;
/** Of a cause's message or stack. */
const MAX_CAUSE_CHARACTERS = 100_000;

/** Fault codes of the errors that this room made because the host said so. */
const faultCodes = new RealmWeakMap<object, string>();
/** Executions whose failure an error tells of. */
const executionIds = new RealmWeakMap<object, string>();

/** How the supervisor tells that a workflow's execution failed, or did not begin; absent where it says nothing. */
export interface ExecutionFailure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  /** What the execution that asked fails with, if nobody catches the error. */
  readonly faultCode?: string;
  readonly userFacing?: boolean;
  readonly executionId?: string;
}

/** JSON text of a GuestError (host.d.ts). Never throws. */
export function guestErrorText(thrown: unknown): string {
  return errorText(thrown, MAX_CAUSES);
}

/** `Name: message`, for lists of errors inside a message. */
export function errorSummary(thrown: unknown): string {
  if (!isErrorLike(thrown)) return describeThrown(thrown);
  const name = textOf(thrown, "name") ?? "Error";
  const message = textOf(thrown, "message") ?? "";
  return message === "" ? name : `${name}: ${message}`;
}

/** An error of the realm's own class for one that the host reports. */
export function errorFromHost(facts: { readonly name: string; readonly message: string; readonly code?: string }): Error {
  const error = new (realmClass(facts.name))(facts.message);
  if (error.name !== facts.name) defineHidden(error, "name", facts.name);
  // Its own only: an author may have put a code on Object.prototype.
  if (hasOwn(facts, "code")) weakSet(faultCodes, error, facts.code as string);
  return error;
}

/** An error of the realm's own class, with `code` and `executionId` for the author to read. */
export function errorOfExecution(failure: ExecutionFailure): Error {
  const { name, message } = failure;
  const error = hasOwn(failure, "userFacing") ? new UserError(message) : errorFromHost({ name, message });
  if (error.name !== name) defineHidden(error, "name", name);
  if (hasOwn(failure, "faultCode")) weakSet(faultCodes, error, failure.faultCode as string);
  if (hasOwn(failure, "code")) defineVisible(error, "code", failure.code);
  if (!hasOwn(failure, "executionId")) return error;
  weakSet(executionIds, error, failure.executionId as string);
  defineVisible(error, "executionId", failure.executionId);
  return error;
}

/** Stands for an error that cannot be found again, such as one with a stack of its own: the host had this copy of it. */
export function copiedError(name: string, message: string, stack: string): Error {
  const error = errorFromHost({ name, message });
  defineHidden(error, "stack", stack);
  return error;
}

/** True for errors of any class, own or the author's. A proxy around one is not: it is asked nothing. */
export function isErrorLike(value: unknown): value is Error {
  return isError(value);
}

/** A property read that cannot throw; undefined where it would. */
export function readSafely(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function errorText(thrown: unknown, causesLeft: number): string {
  const longest = causesLeft === MAX_CAUSES ? MAX_CHARACTERS : MAX_CAUSE_CHARACTERS;
  if (!isErrorLike(thrown)) {
    return recordText([
      ["name", quote("Error")],
      ["message", quote(capped(describeThrown(thrown), longest))],
      ["stack", quote("")],
    ]);
  }
  const listed = listedErrors(thrown);
  const cause = readSafely(thrown, "cause") ?? listed[0];
  const code = weakGet(faultCodes, thrown);
  const executionId = weakGet(executionIds, thrown);
  return recordText([
    ["name", quote(capped(textOf(thrown, "name") ?? "Error", MAX_NAME_CHARACTERS))],
    ["message", quote(capped(messageWithList(thrown, listed), longest))],
    ["stack", quote(capped(textOf(thrown, "stack") ?? "", longest))],
    ["userFacing", isUserError(thrown) ? "true" : undefined],
    ["cause", cause === undefined || causesLeft === 0 ? undefined : errorText(cause, causesLeft - 1)],
    ["code", code === undefined ? undefined : quote(code)],
    ["executionId", executionId === undefined ? undefined : quote(executionId)],
  ]);
}

/** What an AggregateError holds; its first error also stands as the cause where there is no other. */
function listedErrors(error: Error): readonly unknown[] {
  if (!isInstance(RealmAggregateError, error)) return [];
  const errors = readSafely(error, "errors");
  return isArray(errors) ? errors : [];
}

function messageWithList(error: Error, listed: readonly unknown[]): string {
  let text = textOf(error, "message") ?? "";
  for (let index = 0; index < listed.length && index < MAX_LISTED; index++) text += `${text === "" ? "" : "\n"}  [${index}] ${errorSummary(listed[index])}`;
  if (listed.length > MAX_LISTED) text += `\n  … and ${listed.length - MAX_LISTED} more`;
  return text;
}

/** What is thrown without being an error: a string speaks for itself, anything else is shown as Node shows it. */
function describeThrown(thrown: unknown): string {
  return typeof thrown === "string" ? thrown : describeValue(thrown);
}

function textOf(error: object, key: string): string | undefined {
  const value = readSafely(error, key);
  return typeof value === "string" ? value : undefined;
}

function capped(text: string, longest: number): string {
  return text.length > longest ? `${sliceText(text, 0, longest)}…` : text;
}

function realmClass(name: string): ErrorConstructor {
  if (name === "SyntaxError") return RealmSyntaxError;
  if (name === "TypeError") return RealmTypeError;
  if (name === "RangeError") return RealmRangeError;
  if (name === "ReferenceError") return RealmReferenceError;
  if (name === "EvalError") return RealmEvalError;
  if (name === "URIError") return RealmUriError;
  return RealmError;
}
