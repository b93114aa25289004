// Modules of a snapshot, ready to be linked: source verified, compiled code found or made. In this process by key,
// else from the store in one round trip, else from the origin, else compiled. Walks no imports: the loader does.
import { LRUCache } from "lru-cache";
import { Fault } from "../errors.ts";
import { compiledKeyOf } from "../modules/compile-key.ts";
import type { CompiledKey, ContentHash } from "../modules/content-hash.ts";
import type { WantedModule } from "../modules/loaded-module.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { CompiledModule, CompilerOptionsSubset, ScriptKind } from "../modules/module-record.ts";
import { decodeSource } from "../modules/source-text.ts";
import { createCodeReader } from "./code-reader.ts";
import type { Compile } from "./code-reader.ts";
import { notTextFault, tooLargeFault } from "./module-faults.ts";
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
  /** 1,000,000 when absent. */
  readonly maxSourceBytes?: number;
  /** Bytes of modules kept in this process; 256 MiB when absent. */
  readonly cacheBytes?: number;
  readonly note?: Note;
}

/** `source` is what was compiled, for code frames. `fault` is the author's: too large, not UTF-8, not compilable. */
export type FetchedModule = { readonly compiled: CompiledModule; readonly source: string } | { readonly fault: Fault };
type SoundModule = Extract<FetchedModule, { readonly source: string }>;

export interface ModuleFetch {
  /**
   * Every wanted module by path. What is known in this process costs no round trip, all else one to the store.
   * Rejects for what the author cannot mend: ERR_SNAPSHOT_INTEGRITY (B24), ERR_CACHE_INCONSISTENT (B25), an outage.
   */
  fetch(workspace: WorkspaceId, options: CompilerOptionsSubset, wanted: readonly WantedModule[]): Promise<ReadonlyMap<ModulePath, FetchedModule>>;
  /** Resolves when everything that runs beside the fetches (saving compiled code) has ended. Never rejects. */
  settled(): Promise<void>;
}

/** One module to be made: several paths may want it. */
interface Missing {
  readonly key: CompiledKey;
  readonly hash: ContentHash;
  readonly kind: ScriptKind;
  readonly path: ModulePath;
}

export function createModuleFetch({ origin, store, compile, maxSourceBytes = 1_000_000, cacheBytes = 256 * 1024 * 1024, note = noNote }: ModuleFetchOptions): ModuleFetch {
  const modules = new LRUCache<string, SoundModule>({ maxSize: cacheBytes, sizeCalculation: sizeOf });
  const sources = createSourceReader({ origin, store, note });
  const codes = createCodeReader({ origin, store, compile, note });
  const optionTexts = new WeakMap<CompilerOptionsSubset, string>();

  /** Cheaper than the compiled key, which is a hash: a warm run asks for each of its modules. */
  function nameOf(options: CompilerOptionsSubset, { hash, kind }: WantedModule): string {
    let text = optionTexts.get(options);
    if (text === undefined) optionTexts.set(options, (text = JSON.stringify(Object.entries(options).toSorted(([a], [b]) => (a < b ? -1 : 1)))));
    return `${hash}${kind}${text}`;
  }

  /** Modules by compiled key. Rejects with the fault of the first one whose source cannot be had. */
  async function load(workspace: WorkspaceId, options: CompilerOptionsSubset, missing: readonly Missing[]): Promise<ReadonlyMap<CompiledKey, FetchedModule>> {
    const hashes = [...new Set(missing.map(({ hash }) => hash))];
    const stored = await blobsOrNothing(store, {
      workspace,
      wanted: [...hashes.map((id) => ({ kind: "content" as const, id })), ...missing.map(({ key }) => ({ kind: "compiled" as const, id: key }))],
      note,
    });
    const readings = await sources.read(workspace, hashes, stored.slice(0, hashes.length));
    const loaded = new Map<CompiledKey, FetchedModule>();
    const texts = new Map<CompiledKey, string>();
    for (const { key, hash, path } of missing) {
      const reading = readings.get(hash)!;
      if (!isSound(reading)) throw sourceFault(path, { hash, reading });
      const text = reading.bytes.byteLength <= maxSourceBytes ? decodeSource(reading.bytes) : undefined;
      if (text !== undefined) texts.set(key, text);
      else loaded.set(key, { fault: reading.bytes.byteLength > maxSourceBytes ? tooLargeFault(path, { bytes: reading.bytes.byteLength, maxBytes: maxSourceBytes }) : notTextFault(path) });
    }
    const jobs = missing.flatMap(({ key, hash, kind }, at) => {
      const text = texts.get(key);
      return text === undefined ? [] : [{ key, hash, kind, text, options, stored: stored[hashes.length + at] }];
    });
    for (const [key, code] of await codes.read(workspace, jobs)) {
      loaded.set(key, "compiled" in code ? { compiled: code.compiled, source: texts.get(key)! } : code);
    }
    return loaded;
  }

  return {
    async fetch(workspace, options, wanted) {
      const found = new Map<ModulePath, FetchedModule>();
      const missing = new Map<string, Missing>();
      const absent: WantedModule[] = [];
      for (const module of wanted) {
        const name = nameOf(options, module);
        const known = modules.get(name);
        if (known !== undefined) {
          found.set(module.path, known);
          continue;
        }
        absent.push(module);
        if (!missing.has(name)) missing.set(name, { key: compiledKeyOf({ hash: module.hash, kind: module.kind, options }), hash: module.hash, kind: module.kind, path: module.path });
      }
      if (absent.length === 0) return found;
      const loaded = await load(workspace, options, distinct(missing.values()));
      for (const module of absent) {
        const name = nameOf(options, module);
        const { key, path } = missing.get(name)!;
        const result = loaded.get(key)!;
        if ("source" in result) modules.set(name, result);
        found.set(module.path, path === module.path ? result : named(result, module.path));
      }
      return found;
    },
    settled: () => codes.settled(),
  };
}

function distinct(missing: Iterable<Missing>): Missing[] {
  const byKey = new Map<CompiledKey, Missing>();
  for (const module of missing) if (!byKey.has(module.key)) byKey.set(module.key, module);
  return [...byKey.values()];
}

/** The same failure of the same content, told of another path. */
function named(result: FetchedModule, path: ModulePath): FetchedModule {
  if (!("fault" in result)) return result;
  const { code, message, details, name, cause } = result.fault;
  const before = details["path"];
  if (typeof before !== "string") return result;
  return { fault: new Fault(code, message.replace(JSON.stringify(before), () => JSON.stringify(path)), { details: { ...details, path }, name, cause }) };
}

function sizeOf({ compiled, source }: SoundModule): number {
  return 1000 + source.length + compiled.js.length + compiled.map.length;
}
