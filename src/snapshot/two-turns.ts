// One call at a time for each key, and one more for all who come while it is under way. So N callers cause two calls
// at most, and nobody is given an answer to a question that was asked before he came.

interface Turn<Value> {
  readonly current: Promise<Value>;
  next: Promise<Value> | undefined;
}

export class TwoTurns<Key, Value> {
  readonly #turns = new Map<Key, Turn<Value>>();

  /** `alone` runs at once when nothing is under way; else `afterAnother` runs, once for all who wait, after what is. */
  join(key: Key, calls: { readonly alone: () => Promise<Value>; readonly afterAnother: () => Promise<Value> }): Promise<Value> {
    const turn = this.#turns.get(key);
    if (turn === undefined) return this.#begin(key, calls.alone);
    turn.next ??= turn.current.then(
      () => this.#begin(key, calls.afterAnother),
      (error: unknown) => {
        // A failure (an outage) is everybody's: it does not become truer by being had N times.
        this.#turns.delete(key);
        throw error;
      },
    );
    return turn.next;
  }

  #begin(key: Key, call: () => Promise<Value>): Promise<Value> {
    const turn: Turn<Value> = { current: call(), next: undefined };
    this.#turns.set(key, turn);
    const end = (): void => void (turn.next === undefined && this.#turns.delete(key));
    turn.current.then(end, end);
    return turn.current;
  }
}
