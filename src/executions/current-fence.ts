// Which live lines count: a host that others took for dead may go on saying things for as long as it does not know, beside
// the host that holds the execution now.
import type { PlacedClosing, PlacedLine } from "./live.ts";

/** Asked of one execution's entries from the beginning and in order; of the same one again it says the same. */
export class CurrentFence {
  #closed = -1;

  counts(entry: PlacedLine | PlacedClosing): entry is PlacedLine {
    if (entry.line === undefined) {
      this.#closed = Math.max(this.#closed, entry.fence);
      return false;
    }
    if (entry.fence <= this.#closed) return false;
    this.#closed = Math.max(this.#closed, entry.fence - 1);
    return true;
  }
}
