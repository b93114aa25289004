// A lock of promises: work on one thing is done one after the other, in the order of asking.

export interface Turns {
  /** Waits for its turn. A failure of one turn is its own: the next goes on. */
  take<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Only when nobody has the turn or waits for it; undefined otherwise. */
  tryTake<Result>(work: () => Promise<Result>): Promise<Result | undefined>;
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  async function take<Result>(work: () => Promise<Result>): Promise<Result> {
    const before = last;
    const { promise, resolve } = Promise.withResolvers<void>();
    last = promise;
    waiting += 1;
    try {
      await before;
      return await work();
    } finally {
      waiting -= 1;
      resolve();
    }
  }

  return { take, tryTake: async (work) => (waiting === 0 ? take(work) : undefined) };
}
