// Deduplicates what is under way: many callers asking for overlapping sets of keys cause one load of each key.

export class SharedFlights<Key, Value> {
  readonly #flights = new Map<Key, Promise<ReadonlyMap<Key, Value>>>();

  /** What `load` gave for the keys, whoever called it; it is called with those that nobody is loading now. A key it left out is left out here. */
  async get(keys: readonly Key[], load: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>): Promise<ReadonlyMap<Key, Value>> {
    const own = keys.filter((key) => !this.#flights.has(key));
    if (own.length > 0) this.#begin(own, load(own));
    const flights = keys.map((key) => this.#flights.get(key));
    const values = new Map<Key, Value>();
    for (const [at, loaded] of (await Promise.all(flights)).entries()) {
      const key = keys[at];
      const value = key === undefined ? undefined : loaded?.get(key);
      if (key !== undefined && value !== undefined) values.set(key, value);
    }
    return values;
  }

  #begin(keys: readonly Key[], flight: Promise<ReadonlyMap<Key, Value>>): void {
    for (const key of keys) this.#flights.set(key, flight);
    const land = (): void => {
      for (const key of keys) this.#flights.delete(key);
    };
    flight.then(land, land);
  }
}
