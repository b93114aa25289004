// What a run has used of its isolate so far: processor time of the isolate's own thread, heap and buffers.
import type ivm from "isolated-vm";

/** How long an isolate that does not answer is waited for. */
const PATIENCE_MS = 5;

export class IsolateUsage {
  readonly #isolate: ivm.Isolate;
  /** Spent on making the room, ahead of the run. */
  #beforeMs = 0;
  #lastMs = 0;

  constructor(isolate: ivm.Isolate) {
    this.#isolate = isolate;
  }

  begin(): void {
    this.#beforeMs = this.cpuMs();
  }

  /** As far as it is known: an isolate that is gone does not say. */
  cpuMs(): number {
    try {
      this.#lastMs = Number(this.#isolate.cpuTime) / 1e6 - this.#beforeMs;
    } catch {
      // It was disposed of.
    }
    return this.#lastMs;
  }

  /** 0 where the isolate no longer answers. */
  async heapBytes(): Promise<number> {
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS, undefined));
    const statistics = await Promise.race([this.#isolate.getHeapStatistics().catch(() => undefined), late]);
    return statistics === undefined ? 0 : statistics.total_heap_size + statistics.externally_allocated_size;
  }
}
