// Takes from the realm what a room must not have: memory that V8's limit does not count, shared memory, and code
// generation from text. Runs once, before author code; what it removes cannot be reached again from inside.
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

const REMOVED = ["SharedArrayBuffer", "Atomics", "WebAssembly", "Float16Array"];

export function restrictRealm(): void {
  for (const name of REMOVED) Reflect.deleteProperty(globalThis, name);
  removeCodeGeneration();
  removeResizableBuffers();
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
