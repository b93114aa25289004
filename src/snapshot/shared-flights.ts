// Deduplicates what is under way: many callers asking for overlapping sets of keys cause one load of each key.

export class SharedFlights<Key, Value> {
  readonly #flights = new Map<Key, Promise<ReadonlyMap<Key, Value>>>();

  /** What `load` gave for the keys, whoever called it; it is called with those that nobody is loading now. A key it left out is left out here. */
  async get(keys: readonly Key[], load: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>): Promise<ReadonlyMap<Key, Value>> {
    const own = keys.filter((key) => !this.#flights.has(key));
    if (own.length > 0) this.#begin(own, load(own));
    const waiting = keys.map(async (key) => [key, (await this.#flights.get(key))?.get(key)] as const);
    const values = new Map<Key, Value>();
    for (const [key, value] of await Promise.all(waiting)) if (value !== undefined) values.set(key, value);
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
