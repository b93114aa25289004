// Ctrl-C and its relatives: the first asks what runs to stop, a later one ends the process at once.
import { Fault } from "../errors.ts";
import { EXIT_INTERRUPTED } from "./exit-code.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * One interruption may arrive several times: `timeout` signals its command and then the whole group, and a launcher in that
 * group passes on what this process has got already. Ending at once for it would lose the answer that tells of the cancellation.
 * Nobody presses Ctrl-C twice in so short a time and means two things.
 */
const SAME_INTERRUPTION_MS = 300;

export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
}

export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  let first: number | undefined;
  const listener = (): void => {
    if (first !== undefined && performance.now() - first >= SAME_INTERRUPTION_MS) process.exit(EXIT_INTERRUPTED);
    first ??= performance.now();
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, listener);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of SIGNALS) process.removeListener(name, listener);
    },
  };
}

/** The promise, or ERR_CANCELLED as soon as the signal says so: for what cannot be stopped and need not be waited for. */
export function unlessInterrupted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const interrupted = (): void => reject(new Fault("ERR_CANCELLED", "Interrupted before an execution began.", { name: "CancelledError" }));
    if (signal.aborted) interrupted();
    signal.addEventListener("abort", interrupted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", interrupted));
  });
}
