// The module cache by its operations' names (B40), for one workspace. Reads are at HEAD and verified; changes are writes
// of one file, so that a run sees them and the database has them. Holds nothing itself.
import { Fault } from "../errors.ts";
import type { ContentHash } from "../modules/content-hash.ts";
import { parseModulePath, pathProblem, scriptKindOf } from "../modules/module-path.ts";
import type { ModulePath } from "../modules/module-path.ts";
import { decodeUtf8 } from "./json-text.ts";
import { encodingFault } from "./module-faults.ts";
import type { Note } from "./note.ts";
import type { Origin } from "./origin.ts";
import type { WorkspaceId } from "./snapshot-record.ts";
import type { Snapshots } from "./snapshots.ts";
import { createSourceReader, isSound, sourceFault } from "./source-reader.ts";
import type { SnapshotStore } from "./store.ts";
import { warmWorkspace } from "./warm.ts";

export interface ModuleCacheOptions {
  readonly workspace: WorkspaceId;
  readonly origin: Origin;
  readonly store: SnapshotStore;
  readonly snapshots: Snapshots;
  /** Writes files atomically; null deletes. */
  readonly write: (changes: Record<string, string | Uint8Array | null>) => Promise<unknown>;
  readonly note?: Note;
}

export interface CachedModule {
  readonly content: string;
  readonly path: ModulePath;
  /** sha256, hex, of the UTF-8 bytes of `content`. */
  readonly hash: ContentHash;
}

export interface ModuleCache {
  /** Null when there is no file at `path`, also when it cannot be a path (then nothing is read). */
  getModule(path: string): Promise<CachedModule | null>;
  /** Rejects with ERR_PATH_INVALID, and makes no key, when `path` cannot be one (B43). */
  setModule(path: string, content: string): Promise<void>;
  /** Deletes the file; nothing happens when there is none. */
  invalidateModule(path: string): Promise<void>;
  /** Of every file that can be imported, sorted by UTF-8 bytes within each directory. */
  getAllModulePaths(): Promise<ModulePath[]>;
  /** Empties the cache, not the database; how many paths the index had. */
  clearModuleCache(): Promise<number>;
  /** How many files that can be run or imported are in the cache now. */
  warmCacheFromDb(): Promise<number>;
}

export function createModuleCache({ workspace, origin, store, snapshots, write, note }: ModuleCacheOptions): ModuleCache {
  const sources = createSourceReader({ origin, store, note });

  return {
    async getModule(path) {
      if (pathProblem(path) !== undefined) return null;
      const { snapshot } = await snapshots.pin(workspace);
      const hash = snapshot.hashOf(path);
      if (hash === undefined) return null;
      const reading = (await sources.read(workspace, [hash])).get(hash) ?? "absent";
      if (!isSound(reading)) throw sourceFault(path, { hash, reading });
      const content = decodeUtf8(reading.bytes);
      if (content === undefined) throw encodingFault(`The file ${JSON.stringify(path)}`);
      return { content, path: path as ModulePath, hash };
    },
    async setModule(path, content) {
      await write({ [parseModulePath(path)]: content });
    },
    async invalidateModule(path) {
      const { snapshot } = await snapshots.pin(workspace);
      if (!snapshot.has(parseModulePath(path))) return;
      try {
        await write({ [path]: null });
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== "ERR_PATH_NOT_FOUND") throw error;
      }
    },
    async getAllModulePaths() {
      const { snapshot } = await snapshots.pin(workspace);
      return [...snapshot.paths()].filter((path) => scriptKindOf(path) !== undefined);
    },
    clearModuleCache: () => store.clear(workspace),
    async warmCacheFromDb() {
      const { count } = await warmWorkspace({ workspace, origin, store, ...(note && { note }) });
      return count;
    },
  };
}
