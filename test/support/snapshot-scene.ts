// An executor's view of one workspace: origin, store and what reads through them, and as many further executors on the
// same two as a test wants. The origin counts what it is asked.
import { compileModule } from "../../src/modules/compiler/transpile.ts";
import { hashContent } from "../../src/modules/content-hash.ts";
import { scriptKindOf } from "../../src/modules/module-path.ts";
import type { ModulePath } from "../../src/modules/module-path.ts";
import { readTsconfigOptions } from "../../src/modules/tsconfig-options.ts";
import type { Compile } from "../../src/snapshot/code-reader.ts";
import { createModuleCache } from "../../src/snapshot/module-cache.ts";
import type { ModuleCache } from "../../src/snapshot/module-cache.ts";
import { createModuleFetch } from "../../src/snapshot/module-fetch.ts";
import type { FetchedModule, ModuleFetch } from "../../src/snapshot/module-fetch.ts";
import type { Origin } from "../../src/snapshot/origin.ts";
import type { WorkspaceId } from "../../src/snapshot/snapshot-record.ts";
import type { Snapshot } from "../../src/snapshot/snapshot.ts";
import { Snapshots } from "../../src/snapshot/snapshots.ts";
import type { SnapshotStore } from "../../src/snapshot/store.ts";
import { contentTypeOf } from "../../src/workspace/content-type.ts";
import { createMemoryOrigin } from "../../src/workspace/memory-origin.ts";
import { createFileWriter } from "../../src/workspace/write-files.ts";
import type { FileChanges } from "../../src/workspace/write-files.ts";

export interface ExecutorView {
  readonly snapshots: Snapshots;
  readonly modules: ModuleFetch;
  /** How many modules it has compiled. */
  compiled(): number;
  /** Path → source of what a run that begins now sees, each fetched and verified. */
  seen(): Promise<Record<string, string>>;
  load(snapshot: Snapshot, paths: readonly string[]): Promise<readonly FetchedModule[]>;
}

export interface Scene {
  readonly workspace: WorkspaceId;
  readonly origin: Origin;
  readonly store: SnapshotStore;
  readonly cache: ModuleCache;
  readonly notes: readonly string[];
  /** How often a method of the origin has been called. */
  asked(method: keyof Origin): number;
  executor(options?: { readonly store?: SnapshotStore; readonly maxSourceBytes?: number }): ExecutorView;
  write(changes: FileChanges): Promise<unknown>;
  /** A writer that dies between its commit and publishing it. */
  commitAndDie(path: string, content: string | null): Promise<void>;
}

export async function openScene(store: SnapshotStore, { name, files = {} }: { readonly name: string; readonly files?: FileChanges }): Promise<Scene> {
  const counts = new Map<PropertyKey, number>();
  const notes: string[] = [];
  const note = (message: string): void => void notes.push(message);
  const origin = counted(createMemoryOrigin({ readCompilerOptions: (text) => readTsconfigOptions(text).options }), counts);
  const workspace = (await origin.workspace(name, { create: true }))!.id;
  const writer = createFileWriter({ workspace, origin, store, compile: compileHere });
  if (Object.keys(files).length > 0) await writer.write(files);

  function executor({ store: own = store, maxSourceBytes = 1_000_000 }: Parameters<Scene["executor"]>[0] = {}): ExecutorView {
    let compiled = 0;
    const snapshots = new Snapshots({ origin, store: own, log: note });
    const compile: Compile = async (jobs) => {
      compiled += jobs.length;
      return compileHere(jobs);
    };
    const modules = createModuleFetch({ origin, store: own, compile, maxSourceBytes, note });
    async function load(snapshot: Snapshot, paths: readonly string[]): Promise<readonly FetchedModule[]> {
      const wanted = paths.map((path) => ({ path: path as ModulePath, hash: snapshot.hashOf(path)!, kind: scriptKindOf(path)! }));
      return modules.fetch(workspace, snapshot.record.compilerOptions, wanted);
    }
    async function seen(): Promise<Record<string, string>> {
      const { snapshot } = await snapshots.pin(workspace);
      const paths = [...snapshot.paths()];
      const loaded = await load(snapshot, paths);
      return Object.fromEntries(loaded.map((module, at) => [paths[at]!, "source" in module ? module.source : module.fault.code] as const));
    }
    return { snapshots, modules, compiled: () => compiled, seen, load };
  }

  const own = executor();
  return {
    workspace,
    origin,
    store,
    notes,
    cache: createModuleCache({ workspace, origin, store, snapshots: own.snapshots, write: (changes) => writer.write(changes), note }),
    asked: (method) => counts.get(method) ?? 0,
    executor,
    write: (changes) => writer.write(changes),
    async commitAndDie(path, content) {
      const put = content === null ? [] : [preparedText(path, content)];
      const remove = content === null ? [path as ModulePath] : [];
      await origin.commit(workspace, { put, remove, move: [] }, (version) => store.markPending(workspace, version));
    },
  };
}

const compileHere: Compile = async (jobs) => jobs.map((job) => ({ compiled: compileModule(job) }));

function preparedText(path: string, content: string) {
  const bytes = Buffer.from(content);
  return { path: path as ModulePath, bytes, hash: hashContent(bytes), entityType: "module" as const, contentType: contentTypeOf(path) };
}

function counted(origin: Origin, counts: Map<PropertyKey, number>): Origin {
  return new Proxy(origin, {
    get(target, method) {
      const value = Reflect.get(target, method) as ((...args: unknown[]) => unknown) | undefined;
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        counts.set(method, (counts.get(method) ?? 0) + 1);
        return value.call(target, ...args);
      };
    },
  });
}
