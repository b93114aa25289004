// Many who want the same done at once go together: while one group is under way the others wait, and are the next. What
// spoils a group is found by doing its members one by one, so that nobody fails for another.
import { Fault } from "../errors.ts";

export interface GatheringOptions<Item, Result> {
  /** All or nothing, but for members that it gives a Fault for. Results in the order of the items. */
  send(items: readonly Item[]): Promise<readonly (Result | Fault)[]>;
  /** In bytes, roughly. */
  sizeOf(item: Item): number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

const MOST_ITEMS = 500;
const MOST_BYTES = 4 * 1024 * 1024;
/** What is larger goes by itself, at once: nobody small waits for it. */
const LARGE_BYTES = 1024 * 1024;
/** SQLSTATE class: the transaction was undone because of others, as with a deadlock. */
const UNDONE = "40";

export class Gathering<Item, Result> {
  readonly #options: GatheringOptions<Item, Result>;
  #waiting: Waiting<Item, Result>[] = [];
  #isUnderWay = false;

  constructor(options: GatheringOptions<Item, Result>) {
    this.#options = options;
  }

  join(item: Item): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const member = { item, resolve, reject };
    if (this.#options.sizeOf(item) > LARGE_BYTES) void this.#send([member]);
    else {
      this.#waiting.push(member);
      if (!this.#isUnderWay) void this.#go();
    }
    return promise;
  }

  async #go(): Promise<void> {
    this.#isUnderWay = true;
    // Those who come in the same turn go along.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#send(this.#take());
    this.#isUnderWay = false;
  }

  #take(): readonly Waiting<Item, Result>[] {
    let bytes = 0;
    let count = 0;
    for (const { item } of this.#waiting) {
      bytes += this.#options.sizeOf(item);
      if (count > 0 && (count >= MOST_ITEMS || bytes > MOST_BYTES)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  /** Never rejects. */
  async #send(group: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#options.send(group.map(({ item }) => item));
      for (const [index, { resolve, reject }] of group.entries()) {
        const result = results[index] as Result | Fault;
        if (result instanceof Fault) reject(result);
        else resolve(result);
      }
    } catch (error) {
      if (group.length > 1 && isRefusal(error)) for (const one of group) await this.#send([one]);
      else for (const { reject } of group) reject(error);
    }
  }
}

/** Whether the database has answered, and nothing of the group was written. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Fault)) return true;
  const state = (error.cause as { code?: unknown } | undefined)?.code;
  return error.code !== "ERR_DATABASE_UNAVAILABLE" || (typeof state === "string" && state.startsWith(UNDONE));
}

/** Of those with one key, the first: a statement must not meet a row of its own. */
export function firstOfEach<Item>(items: readonly Item[], keyOf: (item: Item) => string): readonly Item[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const key = keyOf(item).toLowerCase();
    return !seen.has(key) && seen.add(key);
  });
}
