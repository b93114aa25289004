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

  /** Rejects with what `close` is given. */
  wait(workspace: string): Promise<Disposable> {
    const { promise, resolve, reject } = Promise.withResolvers<Disposable>();
    const queue = this.#queues.get(workspace) ?? [];
    queue.push({ admit: resolve, refuse: reject });
    this.#queues.set(workspace, queue);
    this.#size += 1;
    return promise;
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
