// The realm's own functions as they were before any author code ran. Whatever runs after it uses these, because an
// author may replace every global and every prototype method. Method calls become function calls: `push(list, x)`.
// Not protected, so not used by room code: syntax that goes through iterators (`for … of`, spread), an array that grows
// (a setter on Array.prototype would get the item), `await` of a promise that is not `own`.

type Method<Self, Arguments extends readonly unknown[], Result> = (self: Self, ...rest: Arguments) => Result;

const { bind, call } = Function.prototype;
const uncurry = bind.bind(call) as <Self, Arguments extends readonly unknown[], Result>(
  method: (this: Self, ...rest: Arguments) => Result,
) => Method<Self, Arguments, Result>;

export { uncurry as uncurryThis };

export const { parse: parseJson, stringify: stringifyJson } = JSON;
export const {
  create: createObject,
  defineProperty,
  freeze,
  getOwnPropertyDescriptor,
  getOwnPropertyNames,
  getPrototypeOf,
  hasOwn,
  keys: objectKeys,
  is: sameValue,
  prototype: objectPrototype,
  setPrototypeOf,
} = Object;
export const { apply, construct, ownKeys, get: reflectGet } = Reflect;
export const { isArray, prototype: arrayPrototype } = Array;
export const { isFinite, isInteger, isSafeInteger } = Number;
export const { floor, trunc, min, max } = Math;
export const { isView } = ArrayBuffer;

export const RealmError = Error;
export const RealmTypeError = TypeError;
export const RealmRangeError = RangeError;
export const RealmSyntaxError = SyntaxError;
export const RealmReferenceError = ReferenceError;
export const RealmEvalError = EvalError;
export const RealmAggregateError = AggregateError;
export const RealmUriError = URIError;
export const RealmPromise = Promise;
export const RealmMap = Map;
export const RealmSet = Set;
export const RealmWeakMap = WeakMap;
export const RealmWeakSet = WeakSet;
export const RealmWeakRef = WeakRef;
export const RealmUint8Array = Uint8Array;
export const RealmArrayBuffer = ArrayBuffer;
export const RealmFunction = Function;
export const RealmDate = Date;
export const toText = String;
export const toNumber = Number;

/** As `value instanceof constructor`, without asking the constructor, to which an author may have given a Symbol.hasInstance. */
export const isInstance = uncurry(Function.prototype[Symbol.hasInstance]) as <T>(
  constructor: abstract new (...values: never[]) => T,
  value: unknown,
) => value is T;
export const isError: (value: unknown) => value is Error = Error.isError;
export const errorToString = uncurry(Error.prototype.toString);
export const pop = uncurry(Array.prototype.pop) as <T>(list: T[]) => T | undefined;
export const slice = uncurry(Array.prototype.slice) as <T>(list: readonly T[], start?: number, end?: number) => T[];
export const join = uncurry(Array.prototype.join) as (list: readonly unknown[], separator: string) => string;

export const startsWith = uncurry(String.prototype.startsWith);
export const endsWith = uncurry(String.prototype.endsWith);
export const indexOfText = uncurry(String.prototype.indexOf);
export const lastIndexOfText = uncurry(String.prototype.lastIndexOf);
export const sliceText = uncurry(String.prototype.slice);
export const charCodeAt = uncurry(String.prototype.charCodeAt);
export const splitText = uncurry(String.prototype.split as (this: string, separator: string) => string[]);
export const repeatText = uncurry(String.prototype.repeat);
export const toFixed = uncurry(Number.prototype.toFixed);
export const toWellFormed = uncurry(String.prototype.toWellFormed);
export const execPattern = uncurry(RegExp.prototype.exec);

export const mapGet = uncurry(Map.prototype.get) as <K, V>(map: Map<K, V>, key: K) => V | undefined;
export const mapSet = uncurry(Map.prototype.set) as <K, V>(map: Map<K, V>, key: K, value: V) => Map<K, V>;
export const mapHas = uncurry(Map.prototype.has) as <K, V>(map: Map<K, V>, key: K) => boolean;
export const mapDelete = uncurry(Map.prototype.delete) as <K, V>(map: Map<K, V>, key: K) => boolean;
export const weakTarget = uncurry(WeakRef.prototype.deref) as <T extends WeakKey>(reference: WeakRef<T>) => T | undefined;
export const weakSetAdd = uncurry(WeakSet.prototype.add) as <T extends WeakKey>(set: WeakSet<T>, value: T) => WeakSet<T>;
export const weakSetHas = uncurry(WeakSet.prototype.has) as <T extends WeakKey>(set: WeakSet<T>, value: T) => boolean;
export const weakGet = uncurry(WeakMap.prototype.get) as <K extends WeakKey, V>(map: WeakMap<K, V>, key: K) => V | undefined;
export const weakSet = uncurry(WeakMap.prototype.set) as <K extends WeakKey, V>(map: WeakMap<K, V>, key: K, value: V) => WeakMap<K, V>;

const typedArray = getPrototypeOf(Uint8Array.prototype) as object;
function getter(prototype: object, key: PropertyKey): (view: ArrayBufferView) => unknown {
  return uncurry(getOwnPropertyDescriptor(prototype, key)?.get as (this: ArrayBufferView) => unknown);
}
/** A typed array's class, or undefined; the getters below throw for what is none. */
export const typedName = getter(typedArray, Symbol.toStringTag) as (view: ArrayBufferView) => string | undefined;
export const typedBuffer = getter(typedArray, "buffer") as (view: ArrayBufferView) => ArrayBuffer;
export const typedOffset = getter(typedArray, "byteOffset") as (view: ArrayBufferView) => number;
export const typedLength = getter(typedArray, "byteLength") as (view: ArrayBufferView) => number;
export const dataViewBuffer = getter(DataView.prototype, "buffer") as (view: ArrayBufferView) => ArrayBuffer;
export const dataViewOffset = getter(DataView.prototype, "byteOffset") as (view: ArrayBufferView) => number;
export const dataViewLength = getter(DataView.prototype, "byteLength") as (view: ArrayBufferView) => number;
export const setBytes = uncurry(Uint8Array.prototype.set as (this: Uint8Array, bytes: Uint8Array) => void);

export const promiseThen = uncurry(
  Promise.prototype.then as (this: Promise<unknown>, fulfilled?: (value: never) => unknown, rejected?: (reason: unknown) => unknown) => Promise<unknown>,
);
export const promiseResolve = Promise.resolve.bind(Promise);
export const promiseReject = Promise.reject.bind(Promise);
export const promiseWithResolvers = Promise.withResolvers.bind(Promise) as <T>() => PromiseWithResolvers<T>;

/** An array that may grow: it has no prototype, on which an author may have put a setter for its next index. Author code never gets it. */
export function createList<T>(): T[] {
  const list: T[] = [];
  setPrototypeOf(list, null);
  return list;
}

/** Adds to what createList made. */
export function push<T>(list: T[], item: T): number {
  list[list.length] = item;
  return list.length;
}

/** A promise of the room's that may be awaited: an author's `constructor` or `then` on Promise.prototype is not asked. */
export function own<T>(promise: Promise<T>): Promise<T> {
  defineReadOnly(promise, "constructor", RealmPromise);
  return promise;
}

/**
 * Defines a property as Node's own are: writable, configurable, not enumerable. The descriptor has no prototype,
 * because an author may have put `get` on Object.prototype.
 */
export function defineHidden(target: object, key: PropertyKey, value: unknown): void {
  define(target, key, { value, writable: true });
}

/** As a function's `name` is: configurable only. */
export function defineReadOnly(target: object, key: PropertyKey, value: unknown): void {
  define(target, key, { value, writable: false });
}

/** As an assignment makes it, whatever an author has put on the prototype. */
export function defineVisible(target: object, key: PropertyKey, value: unknown): void {
  define(target, key, { value, writable: true, enumerable: true });
}

function define(
  target: object,
  key: PropertyKey,
  { value, writable, enumerable = false }: { readonly value: unknown; readonly writable: boolean; readonly enumerable?: boolean },
): void {
  const descriptor = createObject(null) as PropertyDescriptor;
  descriptor.value = value;
  descriptor.writable = writable;
  descriptor.configurable = true;
  descriptor.enumerable = enumerable;
  defineProperty(target, key, descriptor);
}
