// AbortController and AbortSignal.
import { nameAsGlobal } from "../globals.ts";
import type { Timers } from "../timers.ts";
import { DOMException } from "./dom-exception.ts";
import { EventTarget, trustedEvent } from "./events.ts";

type Handler = ((this: unknown, event: unknown) => unknown) | null;

/** Only this module makes signals. */
const INTERNAL = Symbol("AbortSignal");

let abort: (signal: AbortSignal, reason: unknown) => void;
let after: Timers["after"];

export function setAbortTimers(timers: Pick<Timers, "after">): void {
  ({ after } = timers);
}

export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason: unknown = undefined;
  #handler: Handler = null;
  readonly #dependents = new Set<AbortSignal>();

  static {
    abort = (signal, reason) => {
      if (signal.#aborted) return;
      const chain = [signal, ...signal.#dependents].filter((one) => !one.#aborted);
      const why = reason === undefined ? new DOMException("This operation was aborted", "AbortError") : reason;
      for (const one of chain) {
        one.#aborted = true;
        one.#reason = why;
      }
      for (const one of chain) one.dispatchEvent(trustedEvent("abort"));
    };
  }

  constructor(internal?: unknown) {
    if (internal !== INTERNAL) throw new TypeError("Illegal constructor");
    super();
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  get onabort(): Handler {
    return this.#handler;
  }

  set onabort(handler: Handler) {
    if (this.#handler !== null) this.removeEventListener("abort", this.#handler);
    this.#handler = typeof handler === "function" ? handler : null;
    if (this.#handler !== null) this.addEventListener("abort", this.#handler);
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  override get [Symbol.toStringTag](): string {
    return "AbortSignal";
  }

  static abort(reason?: unknown): AbortSignal {
    const signal = new AbortSignal(INTERNAL);
    abort(signal, reason);
    return signal;
  }

  static timeout(milliseconds: number): AbortSignal {
    if (typeof milliseconds !== "number" || !(milliseconds >= 0) || milliseconds > Number.MAX_SAFE_INTEGER)
      throw new RangeError(`The value of "delay" is out of range. Received ${String(milliseconds)}`);
    const signal = new AbortSignal(INTERNAL);
    after(milliseconds, () => abort(signal, new DOMException("The operation was aborted due to timeout", "TimeoutError")));
    return signal;
  }

  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const sources = [...signals];
    for (const source of sources) if (!(source instanceof AbortSignal)) throw new TypeError("AbortSignal.any: every element must be an AbortSignal");
    const signal = new AbortSignal(INTERNAL);
    const aborted = sources.find((source) => source.aborted);
    if (aborted !== undefined) abort(signal, aborted.reason);
    else for (const source of sources) source.#dependents.add(signal);
    return signal;
  }
}

/** For the room: a signal without a controller. */
export function createSignal(): AbortSignal {
  return new AbortSignal(INTERNAL);
}

/** Aborts one that the room made, with an AbortError. */
export function abortSignal(signal: AbortSignal, message: string): void {
  abort(signal, new DOMException(message, "AbortError"));
}

export class AbortController {
  readonly #signal = new AbortSignal(INTERNAL);

  get signal(): AbortSignal {
    return this.#signal;
  }

  abort(reason?: unknown): void {
    abort(this.#signal, reason);
  }

  get [Symbol.toStringTag](): string {
    return "AbortController";
  }
}

nameAsGlobal(["AbortSignal", "AbortController"], { AbortSignal, AbortController });
