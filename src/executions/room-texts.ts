// Reads the texts in which a room says how its run ended. They were written in a process that runs untrusted code: each is
// taken in the shape that sandbox/host.d.ts promises, or not at all. Every function throws for anything else.
import type { GuestError, InputProblem } from "../../sandbox/host.d.ts";
import type { LinkError } from "../isolate/room-outcome.ts";

/** As deep as a room lets a result be. What is much deeper is read without complaint, and then nothing can write it. */
const MAX_DEPTH = 1000;
/** Of an error and its causes; what follows is left out. */
const MAX_CAUSES = 8;

type Shape = Readonly<Record<string, unknown>>;

/** JSON data. */
export function readData(text: string): unknown {
  const data: unknown = JSON.parse(text);
  if (isDeeper(data)) throw new TypeError(`data is nested deeper than ${MAX_DEPTH} levels`);
  return data;
}

export function readError(text: string): GuestError {
  return errorOf(readData(text), 0);
}

function errorOf(value: unknown, depth: number): GuestError {
  const error = shape(value);
  const { userFacing, cause, code, executionId } = error;
  return {
    ...namedError(error),
    ...(userFacing === true ? { userFacing } : {}),
    ...(typeof code === "string" ? { code } : {}),
    ...(typeof executionId === "string" ? { executionId } : {}),
    ...(cause === undefined || cause === null || depth >= MAX_CAUSES ? {} : { cause: errorOf(cause, depth + 1) }),
  };
}

export function readLinkError(text: string): LinkError {
  const error = shape(readData(text));
  const { path } = error;
  return { ...namedError(error), ...(typeof path === "string" ? { path } : {}) };
}

export function readProblems(text: string): readonly InputProblem[] {
  return list(readData(text)).map((each) => {
    const problem = shape(each);
    return { path: string(problem, "path"), expected: string(problem, "expected"), received: string(problem, "received"), message: string(problem, "message") };
  });
}

/** Why a result is no plain data. */
export function readRefusal(text: string): { readonly path: string; readonly found: string; readonly message: string } {
  const refusal = shape(readData(text));
  return { path: string(refusal, "path"), found: string(refusal, "found"), message: string(refusal, "message") };
}

/** Why what a data provider returned is no list of options. */
export function readOptionsProblem(text: string): { readonly path: string; readonly expected: string; readonly received: string } {
  const problem = shape(readData(text));
  return { path: string(problem, "path"), expected: string(problem, "expected"), received: string(problem, "received") };
}

/** What the entry exports, and what stands under the name that was asked for. */
export function readExports(text: string): { readonly exports: readonly string[]; readonly found: string } {
  const read = shape(readData(text));
  const exports = list(read["exports"]);
  if (!exports.every((name) => typeof name === "string")) throw new TypeError("exports are no texts");
  return { exports, found: string(read, "found") };
}

function namedError(error: Shape): Pick<GuestError, "name" | "message" | "stack"> {
  return { name: string(error, "name"), message: string(error, "message"), stack: string(error, "stack") };
}

function shape(value: unknown): Shape {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError("not an object");
  return value as Shape;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError("not a list");
  return value;
}

function string(from: Shape, key: string): string {
  const value = Object.hasOwn(from, key) ? from[key] : undefined;
  if (typeof value !== "string") throw new TypeError(`${key} is no text`);
  return value;
}

/** Without recursion, which is what such data would exhaust. */
function isDeeper(data: unknown): boolean {
  const open: object[] = typeof data === "object" && data !== null ? [data] : [];
  const depths = [1];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const depth = depths.pop() as number;
    if (depth > MAX_DEPTH) return true;
    // In a parsed list `in` goes over the same places, at ten times the cost.
    if (Array.isArray(value)) for (const member of value as readonly unknown[]) enter(member, depth);
    // What JSON.parse made has nothing but members of its own.
    else for (const key in value) enter((value as Shape)[key], depth);
  }
  return false;

  function enter(member: unknown, depth: number): void {
    if (typeof member !== "object" || member === null) return;
    open.push(member);
    depths.push(depth + 1);
  }
}
