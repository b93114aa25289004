// How an execution comes to its modules: from a reference to an entry, from an entry or an import() to a closure. What
// was found for one snapshot holds for ever, so it is kept.
import { LRUCache } from "lru-cache";
import { Fault } from "../errors.ts";
import { DEFAULT_LIMITS, type Limits } from "../limits.ts";
import type { ImportPolicy } from "../modules/import-policy.ts";
import { loadClosure, type Closure } from "../modules/loader.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { Position } from "../modules/module-record.ts";
import { placeOf, resolve } from "../modules/resolver.ts";
import { quoted, shortened } from "../modules/shown-text.ts";
import type { ModuleFetch } from "../snapshot/module-fetch.ts";
import type { Executable, Origin } from "../snapshot/origin.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";
import { findEntry, type Entry } from "../workspace/find.ts";
import { notExecutable } from "./complete.ts";
import type { AskedImport, LoadedImport } from "./answer-import.ts";
import { ImportReach } from "./import-reach.ts";
import type { Order, PinnedSnapshot } from "./order.ts";

export interface LoadingParts {
  readonly workspace: WorkspaceId;
  readonly origin: Pick<Origin, "executables">;
  readonly modules: ModuleFetch;
  readonly policy: ImportPolicy;
}

export interface Loading {
  readonly find: (order: Pick<Order, "reference">, pinned: Pick<PinnedSnapshot, "snapshot" | "version">) => Promise<Entry>;
  readonly load: (order: Order, pinned: PinnedSnapshot, entry: Entry) => Promise<Closure>;
  readonly loadImport: (order: Order, pinned: PinnedSnapshot, asked: AskedImport) => Promise<LoadedImport>;
  readonly loadFrom: (snapshot: Snapshot, path: ModulePath, limits?: Limits) => Promise<Closure>;
}

const SDK_EXPORTS: ReadonlySet<string> = new Set(["workflow", "tool", "dataProvider", "UserError", "workflows", "config", "z"]);

/** Counted in modules: many doors may lead to the same thousands, and each closure lists them all. */
const CLOSURES = { max: 1000, maxSize: 50_000, sizeCalculation: ({ modules }: Closure): number => modules.length + 1 };

/** What cannot be loaded from a snapshot cannot be later; only what was too slow to compile may be tried again. */
const FAILURES = { max: 1000, ttl: 60_000 };

export function createLoading({ workspace, origin, modules, policy }: LoadingParts): Loading {
  const closures = new LRUCache<string, Closure>(CLOSURES);
  const failures = new LRUCache<string, Closure>(FAILURES);
  /** Modules looked at for each closure. */
  const walked = new WeakMap<Closure, number>();
  const reaches = new WeakMap<Order, ImportReach>();
  const registered = new LRUCache<number, Promise<readonly Executable[]>>({ max: 4 });

  async function find({ reference }: Pick<Order, "reference">, { snapshot, version }: Pick<PinnedSnapshot, "snapshot" | "version">): Promise<Entry> {
    return await findEntry(reference, { snapshot, executables: () => executablesAt(version) });
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

  async function load(order: Order, { snapshot }: PinnedSnapshot, entry: Entry): Promise<Closure> {
    const closure = await loadFrom(snapshot, entry.path, order.limits);
    reachOf(order).begin(closure);
    const facts = closure.modules.find(({ path }) => path === entry.path)?.compiled.facts;
    const passesOn = facts?.imports.some(({ star }) => star === true) === true && entry.exportName !== "default";
    if (facts === undefined || passesOn || facts.exports.includes(entry.exportName)) return closure;
    const { code, message, details } = notExecutable(entry, facts.exports, "undefined");
    throw new Fault(code ?? "ERR_EXECUTABLE_NOT_FOUND", message, { name: "NotFoundError", details: details ?? {} });
  }

  async function loadFrom(snapshot: Snapshot, path: ModulePath, limits: Limits = DEFAULT_LIMITS): Promise<Closure> {
    const { sourceBytes, modules: maxModules, nesting: maxNesting } = limits;
    const key = `${snapshot.id}/${sourceBytes}/${maxModules}/${maxNesting}/${path}`;
    const before = closures.get(key) ?? failures.get(key);
    if (before !== undefined) return before;
    let count = 0;
    const closure = await loadClosure({
      entries: [path],
      snapshot,
      policy,
      sdkExports: SDK_EXPORTS,
      maxModules,
      maxNesting,
      fetch: (wanted) => {
        count += wanted.length;
        return modules.fetch(workspace, snapshot.record.compilerOptions, wanted, sourceBytes);
      },
    });
    walked.set(closure, count);
    // An error holds the whole load that made it until its stack has been asked for.
    void closure.failure?.stack;
    if (closure.failure === undefined) closures.set(key, closure);
    // What is ours to mend may be mended by the next run.
    else if (closure.failure.owner === "author") failures.set(key, closure);
    return closure;
  }

  async function loadImport(order: Order, { snapshot }: PinnedSnapshot, { specifier, referrer, position }: AskedImport): Promise<LoadedImport> {
    const reach = reachOf(order);
    const asked = { specifier: shortened(specifier), importer: referrer, ...position };
    const refused = (fault: Fault): LoadedImport => ({ kind: "failure", fault: inImport(fault, asked) });
    const exhausted = reach.exhausted();
    if (exhausted !== undefined) return refused(exhausted);
    const paths = (): Iterable<ModulePath> => (reach.mayExplain() ? snapshot.paths() : []);
    const found = resolve(specifier, referrer, { has: (path) => snapshot.has(path), paths, policy, ...(position && { position }) });
    if (found.kind === "sdk") return { kind: "sdk" };
    if (found.kind === "failure") return { kind: "failure", fault: found.fault };
    const closure = await loadFrom(snapshot, found.path, order.limits);
    const tooMany = reach.add(closure, walked.get(closure) ?? 0);
    return tooMany === undefined ? { kind: "module", path: found.path, closure } : refused(tooMany);
  }

  function reachOf(order: Order): ImportReach {
    const reach = reaches.get(order) ?? new ImportReach(order.limits.modules);
    reaches.set(order, reach);
    return reach;
  }

  return { find, load, loadImport, loadFrom };
}

function inImport(fault: Fault, asked: { readonly specifier: string; readonly importer: string; readonly line?: number; readonly column?: number }): Fault {
  const message = `Cannot import ${quoted(asked.specifier)} in ${placeOf({ importer: asked.importer, position: positionIn(asked) })}. ${fault.message}`;
  return new Fault(fault.code, message, { details: { ...asked, ...fault.details } });
}

function positionIn({ line, column }: { readonly line?: number; readonly column?: number }): Position | undefined {
  return line === undefined || column === undefined ? undefined : { line, column };
}
