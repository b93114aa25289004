// Who waits in this process for a slot of it: workspaces in turn, and each in the order of coming. Nothing of this is kept
// anywhere: who waits here is waited for right here.

interface Waiter {
  readonly admit: (slot: Disposable) => void;
  readonly refuse: (reason: unknown) => void;
}

export class Lobby {
  /** The one that was served longest ago first. */
  readonly #queues = new Map<string, Waiter[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  counts(): ReadonlyMap<string, number> {
    return new Map([...this.#queues].map(([workspace, queue]) => [workspace, queue.length]));
  }

  /** Rejects with what `close` is given, and with the reason of the signal. */
  async wait(workspace: string, signal?: AbortSignal): Promise<Disposable> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Disposable>();
    const waiter = { admit: resolve, refuse: reject };
    const queue = this.#queues.get(workspace) ?? [];
    queue.push(waiter);
    this.#queues.set(workspace, queue);
    this.#size += 1;
    const leave = (): void => this.#remove(workspace, waiter, signal?.reason);
    signal?.addEventListener("abort", leave, { once: true });
    try {
      return await promise;
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  }

  #remove(workspace: string, waiter: Waiter, reason: unknown): void {
    const queue = this.#queues.get(workspace) ?? [];
    const index = queue.indexOf(waiter);
    if (index < 0) return;
    queue.splice(index, 1);
    this.#size -= 1;
    if (queue.length === 0) this.#queues.delete(workspace);
    waiter.refuse(reason);
  }

  /** False where nobody waits. */
  admit(makeSlot: () => Disposable): boolean {
    for (const [workspace, queue] of this.#queues) {
      this.#queues.delete(workspace);
      const next = queue.shift();
      if (queue.length > 0) this.#queues.set(workspace, queue);
      if (next === undefined) continue;
      this.#size -= 1;
      next.admit(makeSlot());
      return true;
    }
    return false;
  }

  close(reason: unknown): void {
    for (const queue of this.#queues.values()) for (const { refuse } of queue) refuse(reason);
    this.#queues.clear();
    this.#size = 0;
  }
}
