// Who waits at this host for ends: on its way out they are let go with how it stands, since what they wait for may end
// elsewhere, or at the next start.

export class HostWaits {
  readonly #over = new AbortController();
  readonly #under = new Set<Promise<unknown>>();

  /** `wait` is given a signal that aborts when the host goes, or when the caller does. */
  async wait<Value>(caller: AbortSignal | undefined, wait: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
    const waiting = wait(caller === undefined ? this.#over.signal : AbortSignal.any([this.#over.signal, caller]));
    this.#under.add(waiting);
    try {
      return await waiting;
    } finally {
      this.#under.delete(waiting);
    }
  }

  /** Resolves when nobody waits any more; whoever still does when the signal aborts is let go. */
  async end(patience: AbortSignal): Promise<void> {
    const letGo = (): void => this.#over.abort();
    if (patience.aborted) letGo();
    patience.addEventListener("abort", letGo, { once: true });
    while (this.#under.size > 0) await Promise.allSettled(this.#under);
    patience.removeEventListener("abort", letGo);
    // Who comes now is let go at once.
    letGo();
  }
}
