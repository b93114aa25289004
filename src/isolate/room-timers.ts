// The timers that a room asks its host for. They end with the run.

import { MAX_DELAY_MS } from "./deadline.ts";

export class RoomTimers {
  readonly #fire: (id: number) => void;
  /** What cancels each timer that is set. */
  readonly #cancels = new Map<number, () => void>();

  constructor(fire: (id: number) => void) {
    this.#fire = fire;
  }

  get size(): number {
    return this.#cancels.size;
  }

  has(id: number): boolean {
    return this.#cancels.has(id);
  }

  /** 0 means setImmediate: the room's setTimeout asks for 1 at least. */
  start(id: number, milliseconds: number): void {
    const fire = (): void => {
      this.#cancels.delete(id);
      this.#fire(id);
    };
    this.#cancels.set(id, milliseconds === 0 ? immediate(fire) : timeout(fire, milliseconds >= 1 && milliseconds <= MAX_DELAY_MS ? milliseconds : 1));
  }

  stop(id: number): void {
    this.#cancels.get(id)?.();
    this.#cancels.delete(id);
  }

  clear(): void {
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }
}

function immediate(fire: () => void): () => void {
  const handle = setImmediate(fire);
  return () => clearImmediate(handle);
}

function timeout(fire: () => void, milliseconds: number): () => void {
  const handle = setTimeout(fire, milliseconds);
  return () => clearTimeout(handle);
}
