// Port: what data providers returned, for as long as their authors allow. In process (here) or Redis (redis-options-cache.ts).
// A cache and nothing more: what cannot be read, does not fit or is away is a miss, and nothing ever fails because of it.
import { LRUCache } from "lru-cache";
import type { ContentHash } from "../modules/content-hash.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";

export interface OptionsEntry {
  readonly text: string;
  /** Until it is gone. */
  readonly remainingMs: number;
}

/** Keys are hashes of all that the options depend on. No method rejects. */
export interface OptionsCache extends AsyncDisposable {
  get(workspace: WorkspaceId, key: ContentHash): Promise<OptionsEntry | undefined>;
  put(workspace: WorkspaceId, key: ContentHash, entry: { readonly text: string; readonly ttlMs: number }): Promise<void>;
}

export interface InProcessOptionsCacheOptions {
  /** Characters of all entries; 32 Mi where absent. */
  readonly maxCharacters?: number;
}

export function createInProcessOptionsCache({ maxCharacters = 32 * 1024 * 1024 }: InProcessOptionsCacheOptions = {}): OptionsCache {
  const texts = new LRUCache<string, string>({ maxSize: maxCharacters, sizeCalculation: (text, key) => text.length + key.length });
  return {
    async get(workspace, key) {
      const name = `${workspace}/${key}`;
      const text = texts.get(name);
      return text === undefined ? undefined : { text, remainingMs: texts.getRemainingTTL(name) };
    },
    async put(workspace, key, { text, ttlMs }) {
      texts.set(`${workspace}/${key}`, text, { ttl: ttlMs });
    },
    async [Symbol.asyncDispose]() {
      texts.clear();
    },
  };
}
