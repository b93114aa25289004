// How an execution comes to its modules: from a reference to an entry, from an entry or an import() to a closure. What
// was found for one snapshot holds for ever, so it is kept.
import { LRUCache } from "lru-cache";
import { Fault } from "../errors.ts";
import type { ImportPolicy } from "../modules/import-policy.ts";
import { loadClosure, type Closure } from "../modules/loader.ts";
import type { ModulePath } from "../modules/module-path.ts";
import { resolve } from "../modules/resolver.ts";
import type { ModuleFetch } from "../snapshot/module-fetch.ts";
import type { Executable, Origin } from "../snapshot/origin.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";
import { findEntry, type Entry } from "../workspace/find.ts";
import { notExecutable } from "./complete.ts";
import type { AskedImport, LoadedImport } from "./answer-import.ts";
import type { Order, PinnedSnapshot } from "./order.ts";

export interface LoadingParts {
  readonly workspace: WorkspaceId;
  readonly origin: Pick<Origin, "executables">;
  readonly modules: ModuleFetch;
  readonly policy: ImportPolicy;
}

export interface Loading {
  readonly find: (order: Order, pinned: PinnedSnapshot) => Promise<Entry>;
  readonly load: (order: Order, pinned: PinnedSnapshot, entry: Entry) => Promise<Closure>;
  readonly loadImport: (order: Order, pinned: PinnedSnapshot, asked: AskedImport) => Promise<LoadedImport>;
  readonly loadFrom: (snapshot: Snapshot, path: ModulePath) => Promise<Closure>;
}

const SDK_EXPORTS: ReadonlySet<string> = new Set(["workflow", "tool", "dataProvider", "UserError", "workflows", "config", "z"]);

export function createLoading({ workspace, origin, modules, policy }: LoadingParts): Loading {
  const closures = new LRUCache<string, Closure>({ max: 1000 });
  const registered = new LRUCache<number, Promise<readonly Executable[]>>({ max: 4 });

  async function find(order: Order, { snapshot, version }: PinnedSnapshot): Promise<Entry> {
    return await findEntry(order.reference, { snapshot, executables: () => executablesAt(version) });
  }

  /** The same at every version, so asked once for each. */
  function executablesAt(version: number | undefined): Promise<readonly Executable[]> {
    if (version === undefined) return origin.executables(workspace);
    let rows = registered.get(version);
    if (rows === undefined) {
      rows = origin.executables(workspace);
      rows.catch(() => registered.delete(version));
      registered.set(version, rows);
    }
    return rows;
  }

  async function load(_order: Order, { snapshot }: PinnedSnapshot, entry: Entry): Promise<Closure> {
    const closure = await loadFrom(snapshot, entry.path);
    const facts = closure.modules.find(({ path }) => path === entry.path)?.compiled.facts;
    const passesOn = facts?.imports.some(({ star }) => star === true) === true && entry.exportName !== "default";
    if (facts === undefined || passesOn || facts.exports.includes(entry.exportName)) return closure;
    const { code, message, details } = notExecutable(entry, facts.exports, "undefined");
    throw new Fault(code ?? "ERR_EXECUTABLE_NOT_FOUND", message, { name: "NotFoundError", details: details ?? {} });
  }

  async function loadFrom(snapshot: Snapshot, path: ModulePath): Promise<Closure> {
    const key = `${snapshot.id}/${path}`;
    const before = closures.get(key);
    if (before !== undefined) return before;
    const closure = await loadClosure({
      entries: [path],
      snapshot,
      policy,
      sdkExports: SDK_EXPORTS,
      fetch: (wanted) => modules.fetch(workspace, snapshot.record.compilerOptions, wanted),
    });
    if (closure.failure === undefined) closures.set(key, closure);
    return closure;
  }

  async function loadImport(_order: Order, { snapshot }: PinnedSnapshot, { specifier, referrer, position }: AskedImport): Promise<LoadedImport> {
    const found = resolve(specifier, referrer, { has: (path) => snapshot.has(path), paths: () => snapshot.paths(), policy, ...(position && { position }) });
    if (found.kind === "sdk") return { kind: "sdk" };
    if (found.kind === "failure") return { kind: "failure", fault: found.fault };
    return { kind: "module", path: found.path, closure: await loadFrom(snapshot, found.path) };
  }

  return { find, load, loadImport, loadFrom };
}
