// What a workflow returned, as JSON text (B90). Plain data only; where JSON would silently lose something, it is an
// error that names the path. Stated conversions:
//   undefined               at the top: null; as a property: left out; in an array, also a hole: null
//   NaN, Infinity, -Infinity null
//   Date                    its ISO string (null when invalid); likewise any object with a toJSON method: what that gives
//   symbol keys             left out
// Refused: function, symbol, BigInt, Map, Set, typed array, ArrayBuffer, any other class instance, a cycle, nesting over 1000,
// an array of more than 2^24 items.
import {
  apply,
  arrayPrototype,
  createList,
  execPattern,
  getPrototypeOf,
  isArray,
  isError,
  isInstance,
  isView,
  join,
  objectKeys,
  objectPrototype,
  pop,
  push,
  RealmArrayBuffer,
  RealmDate,
  RealmMap,
  RealmPromise,
  RealmRangeError,
  RealmSet,
  slice,
  stringifyJson,
} from "./intrinsics.ts";
import { describeReceived } from "./describe-value.ts";

const MAX_DEPTH = 1000;
/** Each item takes two characters of JSON at least, so a longer array is past the limit of a result whatever it holds. */
const MAX_ITEMS = 2 ** 24;
/** How many steps of a path are shown at its beginning and at its end. */
const SHOWN_STEPS = 10;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** Why a value is no plain data, and where. */
export class NotPlainData {
  readonly #mark = true;
  readonly path: string;
  readonly found: string;
  readonly message: string;

  constructor(path: string, found: string, advice: string) {
    this.path = path;
    this.found = found;
    this.message = `The result holds ${found} at ${path}, which is not plain data: ${advice}.`;
  }

  /** Unlike instanceof, asks nothing of a value that may be an author's proxy. */
  static is(value: unknown): value is NotPlainData {
    return typeof value === "object" && value !== null && #mark in value && value.#mark;
  }
}

interface Level {
  readonly holder: object;
  /** undefined for an array, whose keys are its indexes. */
  readonly keys: readonly string[] | undefined;
  readonly length: number;
  next: number;
}

/** JSON text; throws NotPlainData, or what a getter or toJSON of the author's throws. */
export function resultText(value: unknown): string {
  if (value === undefined) return "null";
  checkPlain(value);
  try {
    return stringifyJson(value) ?? "null";
  } catch (error) {
    // A getter that gives another value on second reading, or text beyond V8's longest string.
    if (isInstance(RealmRangeError, error)) throw new NotPlainData("$", "more text than a string can hold", "return less");
    throw error;
  }
}

function checkPlain(root: unknown): void {
  const levels = createList<Level>();
  descend(root, levels);
  while (levels.length > 0) {
    const level = levels[levels.length - 1] as Level;
    if (level.next === level.length) {
      pop(levels);
      continue;
    }
    const key = level.keys === undefined ? level.next : level.keys[level.next];
    level.next++;
    const child = (level.holder as Record<string | number, unknown>)[key as string | number];
    // The common leaves, decided without a call.
    if (typeof child === "string" || typeof child === "number" || typeof child === "boolean" || child === null || child === undefined) continue;
    descend(child, levels);
  }
}

/** Accepts a leaf, or opens a level for an object or array. */
function descend(value: unknown, levels: Level[]): void {
  if (typeof value === "function") throw refusal(levels, functionName(value), "call it and return what it gives, or leave it out");
  if (typeof value === "symbol") throw refusal(levels, "a symbol", "return its description");
  if (typeof value === "bigint") throw refusal(levels, describeReceived(value), "return Number(value) or value.toString()");
  if (typeof value !== "object" || value === null) return;

  const toJSON = (value as { toJSON?: unknown }).toJSON;
  if (typeof toJSON === "function") {
    if (isInstance(RealmDate, value)) return;
    const given: unknown = apply(toJSON, value, [""]);
    if (given !== value) {
      if (levels.length > MAX_DEPTH) throw refusal(levels, "nesting deeper than 1000 levels", "return a flatter shape");
      return checkConverted(given, levels);
    }
  }
  const list = isArray(value);
  if (!list) refuseInstance(value, levels);
  for (let index = 0; index < levels.length; index++) {
    if ((levels[index] as Level).holder === value)
      throw refusal(levels, `a cycle back to ${pathOf(slice(levels, 0, index))}`, "return each object once, or refer to it by an id");
  }
  open(value, list, levels);
}

function open(value: object, list: boolean, levels: Level[]): void {
  if (levels.length >= MAX_DEPTH) throw refusal(levels, "nesting deeper than 1000 levels", "return a flatter shape");
  const keys = list ? undefined : objectKeys(value);
  const { length } = (keys ?? value) as readonly unknown[];
  if (length > MAX_ITEMS) throw refusal(levels, `an array of ${length} items`, `return at most ${MAX_ITEMS}`);
  push(levels, { holder: value, keys, length, next: 0 });
}

/** What toJSON gave is not asked for its own toJSON again, as JSON.stringify does not; it is walked in the place of the object. */
function checkConverted(given: unknown, levels: Level[]): void {
  if (typeof given !== "object" || given === null) {
    if (typeof given === "function" || typeof given === "symbol" || typeof given === "bigint") descend(given, levels);
    return;
  }
  const list = isArray(given);
  if (!list) refuseInstance(given, levels);
  open(given, list, levels);
}

function refuseInstance(value: object, levels: readonly Level[]): void {
  const prototype: unknown = getPrototypeOf(value);
  if (prototype === objectPrototype || prototype === null || prototype === arrayPrototype) return;
  const name = className(prototype as object);
  if (isInstance(RealmMap, value)) throw refusal(levels, "a Map", "return Object.fromEntries(map) or [...map]");
  if (isInstance(RealmSet, value)) throw refusal(levels, "a Set", "return [...set]");
  if (isView(value) || isInstance(RealmArrayBuffer, value)) throw refusal(levels, `binary data (${name})`, "return a base64 string or Array.from(bytes)");
  if (isError(value)) throw refusal(levels, `an error (${name})`, "return { name: error.name, message: error.message }, or throw it");
  if (isInstance(RealmPromise, value)) throw refusal(levels, "a promise", "await it");
  throw refusal(levels, `an instance of class ${name}`, "return a plain object, as in { ...value }, or give the class a toJSON method");
}

function className(prototype: object): string {
  try {
    const name: unknown = (prototype.constructor as { name?: unknown } | undefined)?.name;
    return typeof name === "string" && name !== "" ? name : "unknown";
  } catch {
    return "unknown";
  }
}

function functionName(value: object): string {
  const name: unknown = (value as { name?: unknown }).name;
  return typeof name === "string" && name !== "" ? `a function (${name})` : "a function";
}

function refusal(levels: readonly Level[], found: string, advice: string): NotPlainData {
  return new NotPlainData(pathOf(levels), found, advice);
}

/** `$.rows[3].id`: each level has already moved past the key it is at. A long one without its middle. */
function pathOf(levels: readonly Level[]): string {
  const parts = createList<string>();
  push(parts, "$");
  for (let index = 0; index < levels.length; index++) {
    if (index === SHOWN_STEPS && levels.length > 2 * SHOWN_STEPS) {
      push(parts, ".…");
      index = levels.length - SHOWN_STEPS;
    }
    const level = levels[index] as Level;
    push(parts, level.keys === undefined ? `[${level.next - 1}]` : memberText(level.keys[level.next - 1] as string));
  }
  return join(parts, "");
}

/** `.name`, or `["any text"]` where it is no identifier. */
export function memberText(key: string): string {
  return execPattern(IDENTIFIER, key) !== null ? `.${key}` : `[${stringifyJson(key)}]`;
}
