// structuredClone by the HTML standard, for what exists in a room: primitives and their objects, Date, RegExp, buffers
// and views, Map, Set, errors, arrays and plain objects, with cycles and shared parts kept.
import { DOMException } from "./dom-exception.ts";

type Memory = Map<object, unknown>;

const ERRORS = new Map<string, ErrorConstructor>(Object.entries({ EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }));
const toStringTag = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get as (
  this: unknown,
) => string | undefined;

export function structuredClone(...given: unknown[]): unknown {
  if (given.length === 0) throw new TypeError('The "value" argument must be specified');
  const [value, options] = given as [unknown, { readonly transfer?: Iterable<unknown> } | undefined];
  const memory: Memory = new Map();
  const moved = [...(options?.transfer ?? [])];
  for (const item of moved) {
    if (!isKind(item, ArrayBuffer) || (item as ArrayBuffer).detached) throw failure(`${describe(item)} could not be transferred.`);
    if (memory.has(item)) throw failure("ArrayBuffer occurs in the transfer list twice.");
    memory.set(item, undefined);
  }
  // What is moved is emptied only when everything else could be cloned.
  const targets = new Map<object, ArrayBuffer>();
  for (const item of moved as ArrayBuffer[]) {
    const target = new ArrayBuffer(item.byteLength);
    targets.set(item, target);
    memory.set(item, target);
  }
  const cloned = clone(value, memory);
  for (const [source, target] of targets) {
    new Uint8Array(target).set(new Uint8Array(source as ArrayBuffer));
    (source as ArrayBuffer).transfer();
  }
  return cloned;
}

function clone(value: unknown, memory: Memory): unknown {
  if (typeof value === "symbol" || typeof value === "function") throw failure(`${describe(value)} could not be cloned.`);
  if (typeof value !== "object" || value === null) return value;
  if (memory.has(value)) return memory.get(value);
  return cloneContainer(value, memory) ?? cloneSpecial(value, memory) ?? clonePlain(value, memory);
}

function cloneContainer(value: object, memory: Memory): object | undefined {
  if (Array.isArray(value)) return copyProperties(value, remember(value, memory, emptyArray(value.length)), memory);
  if (isKind(value, Map)) {
    const target = remember(value, memory, new Map());
    const entries = [...(Map.prototype.entries.call(value) as Iterable<[unknown, unknown]>)];
    for (const [key, item] of entries) target.set(clone(key, memory), clone(item, memory));
    return target;
  }
  if (isKind(value, Set)) {
    const target = remember(value, memory, new Set());
    for (const item of Array.from(Set.prototype.values.call(value) as Iterable<unknown>)) target.add(clone(item, memory));
    return target;
  }
  return undefined;
}

/** All holes, so that what is sparse stays so. */
function emptyArray(length: number): unknown[] {
  const array: unknown[] = [];
  array.length = length;
  return array;
}

function cloneSpecial(value: object, memory: Memory): object | undefined {
  if (isKind(value, Date)) return remember(value, memory, new Date((value as Date).getTime()));
  if (isKind(value, RegExp)) return remember(value, memory, new RegExp((value as RegExp).source, (value as RegExp).flags));
  if (isKind(value, ArrayBuffer)) return remember(value, memory, (value as ArrayBuffer).slice(0));
  if (ArrayBuffer.isView(value)) return cloneView(value, memory);
  if (Error.isError(value)) return cloneError(value, memory);
  for (const boxed of [Number, String, Boolean, BigInt])
    if (isKind(value, boxed)) return remember(value, memory, Object((value as { valueOf(): unknown }).valueOf()));
  return undefined;
}

function clonePlain(value: object, memory: Memory): object {
  if (isKind(value, Promise) || isKind(value, WeakMap) || isKind(value, WeakSet) || isKind(value, WeakRef) || isKind(value, Symbol))
    throw failure(`#<${tagOf(value)}> could not be cloned.`);
  return copyProperties(value, remember(value, memory, {}), memory);
}

function cloneView(value: ArrayBufferView, memory: Memory): object {
  const buffer = clone(value.buffer, memory) as ArrayBuffer;
  const name = toStringTag.call(value);
  if (name === undefined) return remember(value, memory, new DataView(buffer, value.byteOffset, value.byteLength));
  const constructor = (globalThis as unknown as Record<string, new (buffer: ArrayBuffer, offset: number, length: number) => object>)[name];
  if (constructor === undefined) throw failure(`#<${name}> could not be cloned.`);
  return remember(value, memory, new constructor(buffer, value.byteOffset, (value as Uint8Array).length));
}

function cloneError(value: Error, memory: Memory): object {
  const { name } = value;
  const message = Object.getOwnPropertyDescriptor(value, "message");
  const text = message !== undefined && "value" in message ? `${message.value as string}` : undefined;
  const target = remember(value, memory, new (ERRORS.get(name) ?? Error)(text));
  if (typeof value.stack === "string") hide(target, "stack", value.stack);
  if (Object.hasOwn(value, "cause")) hide(target, "cause", clone(value.cause, memory));
  return target;
}

function hide(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: false });
}

function copyProperties<T extends object>(source: object, target: T, memory: Memory): T {
  for (const key of Object.keys(source)) {
    const value = clone((source as Record<string, unknown>)[key], memory);
    Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: true });
  }
  return target;
}

function remember<T extends object>(source: object, memory: Memory, target: T): T {
  memory.set(source, target);
  return target;
}

/** By what the object is, not by its prototype: a method that reads its inner slot works or throws. */
function isKind(value: unknown, constructor: { readonly name: string }): value is object {
  if (typeof value !== "object" || value === null) return false;
  const probe = PROBES[constructor.name];
  if (probe === undefined) return value instanceof (constructor as unknown as new () => object);
  try {
    probe(value);
    return true;
  } catch {
    return false;
  }
}

function getterOf(prototype: object, key: PropertyKey): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(prototype, key)?.get as (this: unknown) => unknown;
}

const PROBES: Readonly<Record<string, (value: unknown) => unknown>> = {
  Map: (value) => getterOf(Map.prototype, "size").call(value),
  Set: (value) => getterOf(Set.prototype, "size").call(value),
  ArrayBuffer: (value) => getterOf(ArrayBuffer.prototype, "byteLength").call(value),
  RegExp: (value) => getterOf(RegExp.prototype, "source").call(value),
  Date: (value) => Date.prototype.getTime.call(value as Date),
  Number: (value) => Number.prototype.valueOf.call(value as number),
  String: (value) => String.prototype.valueOf.call(value as string),
  Boolean: (value) => Boolean.prototype.valueOf.call(value as boolean),
  BigInt: (value) => BigInt.prototype.valueOf.call(value as bigint),
  Symbol: (value) => Symbol.prototype.valueOf.call(value as symbol),
};

function describe(value: unknown): string {
  if (typeof value === "symbol") return value.toString();
  if (typeof value === "function") return Function.prototype.toString.call(value);
  return typeof value === "object" && value !== null ? `#<${tagOf(value)}>` : String(value);
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function failure(message: string): Error {
  return new DOMException(message, "DataCloneError");
}
