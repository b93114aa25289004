// Waits until woken, or for a while at most. Being woken while nobody waits is not forgotten.

export class LiveWake {
  #woken = false;
  #resolve: (() => void) | undefined;

  wake(): void {
    this.#woken = true;
    this.#resolve?.();
  }

  /** Resolves when woken since the last wait ended, after so many milliseconds, or when the signal aborts. */
  async wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (!this.#woken && signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const finish = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", finish);
          this.#resolve = undefined;
          resolve();
        };
        const timer = setTimeout(finish, milliseconds);
        signal?.addEventListener("abort", finish, { once: true });
        this.#resolve = finish;
      });
    }
    this.#woken = false;
  }
}
