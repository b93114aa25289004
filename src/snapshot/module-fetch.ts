// Modules of a snapshot, ready to be linked: source verified, compiled code found or made. In this process by key,
// else from the store in one round trip, else from the origin, else compiled. Walks no imports: the loader does.
import { LRUCache } from "lru-cache";
import { Fault } from "../errors.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { compiledKeyOf } from "../modules/compile-key.ts";
import type { CompiledKey, ContentHash } from "../modules/content-hash.ts";
import type { WantedModule } from "../modules/loaded-module.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { CompiledModule, CompilerOptionsSubset, ScriptKind } from "../modules/module-record.ts";
import { decodeSource } from "../modules/source-text.ts";
import { createCodeReader } from "./code-reader.ts";
import type { CodeJob, Compile } from "./code-reader.ts";
import { encodingFault, tooLargeFault } from "./module-faults.ts";
import { noNote } from "./note.ts";
import type { Note } from "./note.ts";
import type { Origin } from "./origin.ts";
import { blobsOrNothing } from "./read-through.ts";
import type { WorkspaceId } from "./snapshot-record.ts";
import { createSourceReader, isSound, sourceFault } from "./source-reader.ts";
import type { SnapshotStore } from "./store.ts";

export interface ModuleFetchOptions {
  readonly origin: Origin;
  readonly store: SnapshotStore;
  readonly compile: Compile;
  /** Where a fetch names none: 1 MB when absent. */
  readonly maxSourceBytes?: number;
  /** Bytes of modules kept in this process; 256 MiB when absent. */
  readonly cacheBytes?: number;
  readonly note?: Note;
}

/** A LoadedModule. `source` is what was compiled, for code frames; `fault` is the author's: too large, not UTF-8, not compilable. */
export type FetchedModule = { readonly compiled: CompiledModule; readonly source: string } | { readonly fault: Fault };
type SoundModule = Extract<FetchedModule, { readonly source: string }> & { readonly bytes: number };

export interface ModuleFetch {
  /**
   * One answer for each wanted module, in the order asked. What this process has costs no round trip, all else one to the store.
   * A larger source than `maxSourceBytes` is not parsed, and not read again by this process.
   * Rejects for what the author cannot mend: ERR_SNAPSHOT_INTEGRITY (B24), ERR_CACHE_INCONSISTENT (B25), an outage.
   */
  fetch(workspace: WorkspaceId, options: CompilerOptionsSubset, wanted: readonly WantedModule[], maxSourceBytes?: number): Promise<readonly FetchedModule[]>;
  /** Resolves when everything that runs beside the fetches (saving compiled code) has ended. Never rejects. */
  settled(): Promise<void>;
}

/** One module to be made; `path` is one of those that want it. */
interface Missing {
  readonly key: CompiledKey;
  readonly hash: ContentHash;
  readonly kind: ScriptKind;
  readonly path: ModulePath;
}

interface Asked {
  readonly workspace: WorkspaceId;
  readonly options: CompilerOptionsSubset;
  readonly maxSourceBytes: number;
}

const MAX_REMEMBERED_SIZES = 10_000;

export function createModuleFetch({
  origin,
  store,
  compile,
  maxSourceBytes: usualMaxBytes = DEFAULT_LIMITS.sourceBytes,
  cacheBytes = 256 * 1024 * 1024,
  note = noNote,
}: ModuleFetchOptions): ModuleFetch {
  const modules = new LRUCache<CompiledKey, SoundModule>({ maxSize: cacheBytes, sizeCalculation: sizeOf });
  /** Of sources that were too large for somebody. */
  const sizes = new LRUCache<ContentHash, number>({ max: MAX_REMEMBERED_SIZES });
  const sources = createSourceReader({ origin, store, note });
  const codes = createCodeReader({ origin, store, compile, note });

  /** Modules by compiled key. Rejects with the fault of the first one whose source cannot be had. */
  async function load({ workspace, options, maxSourceBytes }: Asked, missing: readonly Missing[]): Promise<ReadonlyMap<CompiledKey, FetchedModule>> {
    const hashes = [...new Set(missing.map(({ hash }) => hash))];
    const stored = await blobsOrNothing(store, {
      workspace,
      wanted: [...hashes.map((id) => ({ kind: "content" as const, id })), ...missing.map(({ key }) => ({ kind: "compiled" as const, id: key }))],
      note,
    });
    const readings = await sources.read(workspace, hashes, stored.slice(0, hashes.length));
    const loaded = new Map<CompiledKey, FetchedModule>();
    const jobs = new Map<CompiledKey, CodeJob & { readonly bytes: number }>();
    for (const [at, { key, hash, kind, path }] of missing.entries()) {
      // Another run may have brought it while this one waited: who comes late to a cold start asks nobody again (B29).
      const meanwhile = modules.get(key);
      if (meanwhile !== undefined && meanwhile.bytes <= maxSourceBytes) {
        loaded.set(key, meanwhile);
        continue;
      }
      const reading = readings.get(hash) ?? "absent";
      if (!isSound(reading)) throw sourceFault(path, { hash, reading });
      const bytes = reading.bytes.byteLength;
      if (bytes > maxSourceBytes) {
        sizes.set(hash, bytes);
        loaded.set(key, { fault: tooLargeFault({ limit: maxSourceBytes, amount: bytes }) });
        continue;
      }
      const text = decodeSource(reading.bytes);
      if (text === undefined) loaded.set(key, { fault: encodingFault("The module") });
      else jobs.set(key, { key, hash, kind, text, options, stored: stored[hashes.length + at], bytes });
    }
    const read = await codes.read(workspace, [...jobs.values()]);
    for (const [key, { text, bytes }] of jobs) {
      const code = read.get(key);
      if (code === undefined) continue;
      const module = "compiled" in code ? { compiled: code.compiled, source: text, bytes } : code;
      if ("source" in module) modules.set(key, module);
      loaded.set(key, module);
    }
    return loaded;
  }

  return {
    async fetch(workspace, options, wanted, maxSourceBytes = usualMaxBytes) {
      const asked = wanted.map((module) => ({ ...module, key: compiledKeyOf({ hash: module.hash, kind: module.kind, options }) }));
      const found = new Map<CompiledKey, FetchedModule>();
      const missing = new Map<CompiledKey, Missing>();
      for (const module of asked) {
        const known = modules.get(module.key);
        const bytes = known?.bytes ?? sizes.get(module.hash) ?? 0;
        if (bytes > maxSourceBytes) found.set(module.key, { fault: tooLargeFault({ limit: maxSourceBytes, amount: bytes }) });
        else if (known === undefined) missing.set(module.key, module);
        else found.set(module.key, known);
      }
      const brought = missing.size === 0 ? [] : await load({ workspace, options, maxSourceBytes }, [...missing.values()]);
      for (const [key, module] of brought) found.set(key, module);
      return asked.map(({ key, path }) => found.get(key) ?? unanswered(path));
    },
    settled: () => codes.settled(),
  };
}

function unanswered(path: ModulePath): never {
  throw new Fault("ERR_INTERNAL", `Nothing was fetched for ${path}.`, { details: { path } });
}

function sizeOf({ compiled, source }: SoundModule): number {
  return 1000 + source.length + compiled.js.length + compiled.map.length;
}
