// `ctx.signal`: an AbortSignal that is made when author code first reads it, because most never do.
import type * as Abort from "../web/abort.ts";

export interface Cancellation {
  signal(): object;
  /** Aborts the signal. False: nobody has asked for it. */
  cancel(): boolean;
}

const MESSAGE = "The execution was cancelled";

export function createCancellation(web: { abort(): typeof Abort }): Cancellation {
  let signal: Abort.AbortSignal | undefined;
  let isCancelled = false;

  function abort(): void {
    if (signal !== undefined && isCancelled) web.abort().abortSignal(signal, MESSAGE);
  }

  return {
    signal: () => {
      if (signal === undefined) {
        signal = web.abort().createSignal();
        abort();
      }
      return signal;
    },
    cancel: () => {
      isCancelled = true;
      abort();
      return signal !== undefined;
    },
  };
}
