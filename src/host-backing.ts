// What a host keeps its workspaces in, as those who watch see it: look-ups by cache, and servers that do not answer.
import type { OptionsCache } from "./executions/options-cache.ts";
import { countedPort } from "./observe/counted-port.ts";
import type { CacheName, Observe } from "./observe/observe.ts";
import type { Backing } from "./open-stored.ts";
import type { BlobKind, SnapshotStore } from "./snapshot/store.ts";

const CACHE_OF: Readonly<Record<BlobKind, CacheName>> = { content: "content", compiled: "compiled", tree: "snapshot", snapshot: "snapshot" };

export function observedBacking(backing: Backing, observe: Pick<Observe, "count" | "looked">): Backing {
  const store = countedPort(backing.store, observe);
  return { ...backing, origin: countedPort(backing.origin, observe), store: withLookUps(store, observe) };
}

function withLookUps(store: SnapshotStore, observe: Pick<Observe, "looked">): SnapshotStore {
  const getBlobs: SnapshotStore["getBlobs"] = async (workspace, wanted) => {
    const found = await store.getBlobs(workspace, wanted);
    const counts = new Map<CacheName, { hits: number; misses: number }>();
    for (const [at, { kind }] of wanted.entries()) {
      const cache = counts.get(CACHE_OF[kind]) ?? { hits: 0, misses: 0 };
      counts.set(CACHE_OF[kind], cache);
      if (found[at] === undefined) cache.misses += 1;
      else cache.hits += 1;
    }
    for (const [cache, each] of counts) observe.looked(cache, each);
    return found;
  };
  return new Proxy(store, { get: (target, key) => (key === "getBlobs" ? getBlobs : (Reflect.get(target, key, target) as unknown)) });
}

export function observedOptions(cache: OptionsCache, observe: Pick<Observe, "looked">): OptionsCache {
  return {
    async get(workspace, key) {
      const entry = await cache.get(workspace, key);
      observe.looked("options", entry === undefined ? { hits: 0, misses: 1 } : { hits: 1, misses: 0 });
      return entry;
    },
    put: (workspace, key, entry) => cache.put(workspace, key, entry),
    [Symbol.asyncDispose]: () => cache[Symbol.asyncDispose](),
  };
}
