// The bell of one host: in memory. What is rung while nobody has room is heard when somebody has.
import type { Bell, Listening, Queue } from "./queue.ts";

type Listener = Parameters<Queue["listen"]>[0];

/** What a timer can hold. Who waits for longer is found by the look of every second. */
const LONGEST_TIMER_MS = 2_147_483_647;

export function createInProcessQueue(): Queue {
  return new InProcessQueue();
}

class InProcessQueue implements Queue {
  readonly #idle = new Set<Listener>();
  readonly #looking = new Map<Listener, Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** One bell is as good as many: who hears it takes all it has room for, and rings on where that was not all. */
  #isRung = false;
  #isClosed = false;

  ring({ dueInMs = 0 }: Bell): Promise<void> {
    if (this.#isClosed || dueInMs > LONGEST_TIMER_MS) return Promise.resolve();
    if (dueInMs <= 0) this.#rung();
    else this.#ringLater(dueInMs);
    return Promise.resolve();
  }

  listen(host: Listener): Listening {
    this.#idle.add(host);
    this.#deliver();
    return {
      roomAgain: () => this.#deliver(),
      [Symbol.asyncDispose]: async () => {
        this.#idle.delete(host);
        const looking = this.#looking.get(host);
        this.#looking.delete(host);
        await looking;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#idle.clear();
    const looking = [...this.#looking.values()];
    this.#looking.clear();
    await Promise.all(looking);
  }

  #ringLater(dueInMs: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#rung();
    }, dueInMs);
    this.#timers.add(timer);
  }

  #rung(): void {
    this.#isRung = true;
    this.#deliver();
  }

  #deliver(): void {
    if (!this.#isRung) return;
    const host = [...this.#idle].find((each) => each.hasRoom());
    if (host === undefined) return;
    this.#isRung = false;
    this.#idle.delete(host);
    this.#looking.set(host, this.#look(host));
  }

  async #look(host: Listener): Promise<void> {
    await host.look();
    if (!this.#looking.delete(host)) return;
    this.#idle.add(host);
    if (!host.hasRoom()) this.#isRung = true;
    this.#deliver();
  }
}
