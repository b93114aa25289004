// What data providers returned, in Redis: shared by all hosts. Redis away is a miss.
import { Fault } from "../errors.ts";
import { noNote, type Note } from "../snapshot/note.ts";
import { RedisConnection, type RedisConnectionOptions } from "../snapshot/redis-connection.ts";
import { optionsKey } from "../snapshot/redis-keys.ts";
import type { OptionsCache } from "./options-cache.ts";

export function createRedisOptionsCache({ log = noNote, ...options }: RedisConnectionOptions & { readonly log?: Note }): OptionsCache {
  const connection = new RedisConnection(options);

  async function tolerant<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log(`Options of data providers are not cached at this time. ${error.message}`);
      return undefined;
    }
  }

  return {
    get: (workspace, key) =>
      tolerant(async () => {
        const name = optionsKey(workspace, key);
        const [text, remainingMs] = await connection.request(async (client) => Promise.all([client.get(name), client.pttl(name)]));
        return typeof text === "string" && remainingMs > 0 ? { text, remainingMs } : undefined;
      }),
    put: async (workspace, key, { text, ttlMs }) => {
      await tolerant(() => connection.request((client) => client.set(optionsKey(workspace, key), text, "PX", Math.max(1, Math.floor(ttlMs)))));
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
