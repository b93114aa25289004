// Takes from the realm what a room must not have: memory that V8's limit does not count, shared memory, and code
// generation from text. Runs once, before author code; what it removes cannot be reached again from inside. A workspace
// may have been granted WebAssembly, whose memory only a watch from outside counts, or code generation.
import {
  construct,
  defineHidden,
  defineProperty,
  getPrototypeOf,
  RealmArrayBuffer,
  RealmEvalError,
  RealmFunction,
  RealmTypeError,
  setPrototypeOf,
} from "./intrinsics.ts";
import { addHidden } from "./globals.ts";
import type { Grants } from "./host.d.ts";

const REMOVED = ["SharedArrayBuffer", "Atomics", "Float16Array"];

export function restrictRealm({ webAssembly, codeGeneration }: Grants): void {
  // A shared memory of WebAssembly is an instance: with nobody to share it with, and no way to its class.
  if (webAssembly) removeSharedMemory();
  else Reflect.deleteProperty(globalThis, "WebAssembly");
  for (const name of REMOVED) Reflect.deleteProperty(globalThis, name);
  if (!codeGeneration) removeCodeGeneration();
  removeResizableBuffers();
}

function removeSharedMemory(): void {
  const { SharedArrayBuffer, WebAssembly } = globalThis as unknown as Record<string, { prototype: object } & Record<string, { prototype: object }>>;
  for (const name of ["constructor", "grow", "slice"]) Reflect.deleteProperty(SharedArrayBuffer?.prototype ?? {}, name);
  for (const name of ["toResizableBuffer", "toFixedLengthBuffer"]) Reflect.deleteProperty(WebAssembly?.["Memory"]?.prototype ?? {}, name);
}

/** `eval` and the four Function constructors throw. Their prototypes stay, so that `instanceof Function` still holds. */
function removeCodeGeneration(): void {
  addHidden({
    eval: function (): never {
      throw refusal("eval");
    },
  });
  Object.defineProperty(globalThis.eval, "name", { value: "eval" });

  const asyncFunction = getPrototypeOf(async function () {}) as object;
  const generatorFunction = getPrototypeOf(function* () {}) as object;
  const asyncGeneratorFunction = getPrototypeOf(async function* () {}) as object;
  const replacement = replaceConstructor("Function", RealmFunction.prototype);
  addHidden({ Function: replacement });
  setPrototypeOf(replaceConstructor("AsyncFunction", asyncFunction), replacement);
  setPrototypeOf(replaceConstructor("GeneratorFunction", generatorFunction), replacement);
  setPrototypeOf(replaceConstructor("AsyncGeneratorFunction", asyncGeneratorFunction), replacement);
}

function replaceConstructor(name: string, prototype: object): object {
  const constructor = function (): never {
    throw refusal(name);
  };
  defineProperty(constructor, "name", { value: name, configurable: true });
  defineProperty(constructor, "length", { value: 1, configurable: true });
  defineProperty(constructor, "prototype", { value: prototype, writable: false });
  defineProperty(prototype, "constructor", { value: constructor });
  return constructor;
}

function refusal(what: string): EvalError {
  return new RealmEvalError(`Code generation from strings is off in workflows: ${what} cannot be used`);
}

/** Resizable buffers grow outside the memory limit: ArrayBuffer without `maxByteLength` and `resize`. */
function removeResizableBuffers(): void {
  const { prototype } = RealmArrayBuffer;
  Reflect.deleteProperty(prototype, "resize");
  const replacement = function (length: unknown, options?: { maxByteLength?: unknown }): object {
    if (new.target === undefined) throw new RealmTypeError("Constructor ArrayBuffer requires 'new'");
    if (typeof options === "object" && options !== null && options.maxByteLength !== undefined) {
      throw new RealmTypeError("Resizable ArrayBuffers are off in workflows: leave maxByteLength out");
    }
    return construct(RealmArrayBuffer, [length], (new.target as unknown) === replacement ? RealmArrayBuffer : new.target);
  };
  defineProperty(replacement, "name", { value: "ArrayBuffer", configurable: true });
  defineProperty(replacement, "length", { value: 1, configurable: true });
  defineProperty(replacement, "prototype", { value: prototype, writable: false });
  defineProperty(replacement, Symbol.species, {
    get(this: unknown) {
      return this;
    },
    configurable: true,
  });
  addHidden({ ArrayBuffer: replacement });
  defineHidden(replacement, "isView", RealmArrayBuffer.isView);
  defineHidden(prototype, "constructor", replacement);
}
