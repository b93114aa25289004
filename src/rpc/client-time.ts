// Waiting, with an end to it.

export interface Patience {
  /** Aborted when the time is over, or the outer signal is. */
  readonly signal: AbortSignal;
  /** The time counts from now again. */
  renew(): void;
  /** The time no longer counts; the outer signal does. */
  end(): void;
}

export function patienceOf(ms: number, outer: AbortSignal | undefined): Patience {
  const over = new AbortController();
  const expire = (): void => over.abort(new Error(`nothing was heard for ${Math.round(ms / 1000)} s`));
  let timer = setTimeout(expire, ms);
  return {
    signal: outer === undefined ? over.signal : AbortSignal.any([outer, over.signal]),
    renew() {
      clearTimeout(timer);
      timer = setTimeout(expire, ms);
    },
    end: () => clearTimeout(timer),
  };
}

/** Rejects with the signal's reason as soon as it is aborted. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted === true) return stop();
    signal?.addEventListener("abort", stop, { once: true });
  });
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/** Before the attempt after the one numbered `attempt`, which begins at 0: twice as long each time, and never the same for two clients. */
export function backOffMs(attempt: number): number {
  const most = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
  return most / 2 + (Math.random() * most) / 2;
}
