// What tells of changes, for --watch.

/** Tells of changes, one waiter at a time. */
export interface Changes extends AsyncDisposable {
  /** False where whoever runs must have ended before anything can change. */
  readonly duringRuns: boolean;
  /** Resolves at the next change, or at once when one came since the last call. Never rejects. */
  next(): Promise<void>;
}

/** The reason of a run's signal when a newer version is about to run. */
export const CHANGED = "changed";

/** Heard by whoever listens next: a change between two calls of `next` is not lost, and many are one. */
export interface Bell {
  ring(): void;
  next(): Promise<void>;
}

export function createBell(): Bell {
  let rung = Promise.withResolvers<void>();
  return {
    ring: () => rung.resolve(),
    async next() {
      await rung.promise;
      rung = Promise.withResolvers<void>();
    },
  };
}
