// Walks the import closure of an execution's entries over a snapshot: one fetch for each level, nothing fetched twice.
// It neither reads a store nor compiles: `fetch` does. What authors did wrong is returned, what `fetch` throws passes through.
import { Fault } from "../errors.ts";
import type { Closure, ClosureModule, FailedClosure, Link, LoadedClosure } from "./closure.ts";
import type { ContentHash } from "./content-hash.ts";
import { faultOf } from "./import-chain.ts";
import type { ImportPolicy } from "./import-policy.ts";
import type { LoadedModule, WantedModule } from "./loaded-module.ts";
import { findMissingExport } from "./missing-export.ts";
import { walk } from "./module-graph.ts";
import type { Edge, GraphNode } from "./module-graph.ts";
import { scriptKindOf } from "./module-path.ts";
import type { ModulePath } from "./module-path.ts";
import { resolve } from "./resolver.ts";
import type { Resolution } from "./resolver.ts";
import { SDK_SPECIFIER } from "./specifier.ts";

export type { Closure, ClosureModule, FailedClosure, Link, LoadedClosure } from "./closure.ts";

/** The index of a snapshot. */
export interface SnapshotView {
  has(path: ModulePath): boolean;
  paths(): Iterable<ModulePath>;
  hashOf(path: ModulePath): ContentHash | undefined;
}

export interface LoadOptions {
  readonly entries: readonly ModulePath[];
  readonly snapshot: SnapshotView;
  readonly policy: ImportPolicy;
  /** One answer for each wanted module, in the order asked. */
  readonly fetch: (wanted: readonly WantedModule[]) => Promise<readonly LoadedModule[]>;
  /** Modules of this execution that are loaded already; they are neither fetched nor walked nor listed. */
  readonly known?: { has(path: ModulePath): boolean };
  /** A known module, so that imports from it can be checked; without it they are taken to exist. */
  readonly knownModule?: (path: ModulePath) => ClosureModule | undefined;
  /** What "bifrost" exports. When given, a missing export is a failure too. */
  readonly sdkExports?: ReadonlySet<string>;
  /** 10,000 where absent. */
  readonly maxModules?: number;
  /** Deepest nesting of a module's source; no bound but the compiler's where absent. */
  readonly maxNesting?: number;
  /** Whether modules named by a literal `import()` are loaded along; yes by default. */
  readonly prefetch?: boolean;
}

const MAX_MODULES = 10_000;
const NOTHING: ReadonlySet<ModulePath> = new Set();

export async function loadClosure(options: LoadOptions): Promise<Closure> {
  const problem = entryProblem(options);
  if (problem !== undefined) return failed(options, problem);
  const graph = await loadGraph(options);
  // What import() may never ask for must not count against the limit.
  if (typeof graph === "number") return options.prefetch === false ? failed(options, tooLarge(options, graph)) : loadClosure({ ...options, prefetch: false });

  const reached = new Map<ModulePath, ClosureModule>();
  const done = { has: (path: ModulePath): boolean => reached.has(path) || known(options).has(path) };
  for (const entry of options.entries) {
    const found = walk(graph, entry, { done });
    if (typeof found === "function") return failed(options, found());
    for (const node of found) reached.set(node.path, closureModule(node, true));
  }
  const missing = missingExport([...reached.values()]);
  if (missing !== undefined) return failed(options, missing);

  // A broken module behind an import() fails when that import runs, so here it is only left out.
  const broken = new Set<ModulePath>();
  const later = [...reached.keys()].flatMap((path) => graph.get(path)?.later ?? []);
  for (const path of later) {
    const found = done.has(path) ? [] : walk(graph, path, { done, broken });
    if (typeof found === "function") continue;
    const modules = found.map((node) => closureModule(node, false));
    if (missingExport(modules) !== undefined) {
      broken.add(path);
      continue;
    }
    for (const module of modules) reached.set(module.path, module);
    for (const node of found) later.push(...node.later);
  }
  return closureOf(options.entries, [...reached.values()]);

  function missingExport(modules: readonly ClosureModule[]): Fault | undefined {
    if (options.sdkExports === undefined) return undefined;
    return findMissingExport({ modules }, { sdkExports: options.sdkExports, otherModule: (path) => reached.get(path) ?? options.knownModule?.(path) });
  }
}

function failed({ entries }: LoadOptions, failure: Fault): FailedClosure {
  return { entries, modules: [], usesSdk: false, usesZod: false, failure };
}

function known(options: LoadOptions): { has(path: ModulePath): boolean } {
  return options.known ?? NOTHING;
}

function entryProblem({ entries, snapshot }: LoadOptions): Fault | undefined {
  for (const path of entries) {
    if (!snapshot.has(path)) return new Fault("ERR_PATH_NOT_FOUND", `The workspace has no file at ${JSON.stringify(path)}.`, { details: { path } });
    if (scriptKindOf(path) !== undefined) continue;
    return new Fault("ERR_EXECUTABLE_NOT_FOUND", `${path} is not a module: its name must end in .ts, .tsx, .mts, .js, .jsx, .mjs or .json.`, {
      details: { path },
    });
  }
  return undefined;
}

function tooLarge({ entries, maxModules = MAX_MODULES }: LoadOptions, amount: number): Fault {
  const message = `${entries.join(", ")} imports ${amount} modules or more; at most ${maxModules} are allowed. Split the workflow, or import less.`;
  return new Fault("ERR_CLOSURE_TOO_LARGE", message, { details: { path: entries[0], entries, limit: maxModules, amount } });
}

/** A number where there are more modules than the limit: how many are known of. */
async function loadGraph(options: LoadOptions): Promise<ReadonlyMap<ModulePath, GraphNode> | number> {
  const { snapshot, policy, maxModules = MAX_MODULES, maxNesting = Infinity } = options;
  const graph = new Map<ModulePath, GraphNode>();
  const asked = new Set<ModulePath>();
  const resolved = new Map<string, Resolution>();
  const policyDependsOnImporter = policy.some((rule) => rule.importer !== "*");
  const resolution = { has: (path: ModulePath) => snapshot.has(path), paths: () => snapshot.paths(), policy };
  let level: WantedModule[] = [];
  for (const entry of options.entries) want(entry);

  while (level.length > 0) {
    if (asked.size > maxModules) return asked.size;
    const wanted = level;
    level = [];
    const loaded = await fetchOnce(wanted, options.fetch);
    wanted.forEach((each, index) => graph.set(each.path, nodeOf(each, loaded[index])));
  }
  return graph;

  function want(path: ModulePath): void {
    if (asked.has(path) || known(options).has(path)) return;
    asked.add(path);
    const hash = snapshot.hashOf(path);
    const kind = scriptKindOf(path);
    if (hash === undefined || kind === undefined) throw new Fault("ERR_INTERNAL", `The resolver named ${path}, which the snapshot does not hold.`);
    level.push({ path, hash, kind });
  }

  function nodeOf({ path, hash }: WantedModule, loaded: LoadedModule | undefined): GraphNode {
    if (loaded === undefined) throw new Fault("ERR_INTERNAL", `Nothing was fetched for ${path}.`);
    const fault = faultOf(path, loaded, { maxNesting });
    if (fault !== undefined || "fault" in loaded) return { path, hash, edges: [], later: [], ...(fault && { fault }) };
    const edges: Edge[] = [];
    const later: ModulePath[] = [];
    for (const record of loaded.compiled.facts.imports) {
      const { specifier } = record;
      if (specifier === undefined) continue;
      const target = resolveOnce(specifier, path);
      if (record.kind === "dynamic") {
        if (target.kind !== "module" || options.prefetch === false) continue;
        later.push(target.path);
      } else {
        const explain = (): Fault => failureOf(resolve(specifier, path, { ...resolution, position: record }));
        edges.push({ record: { ...record, specifier }, resolution: target, ...(target.kind === "failure" && { explain }) });
      }
      if (target.kind === "module") want(target.path);
    }
    return { path, hash, compiled: loaded.compiled, edges, later };
  }

  // What a specifier means depends on the importer's directory only, except to the policy, which sees the importer.
  function resolveOnce(specifier: string, importer: ModulePath): Resolution {
    const key = `${importer.slice(0, importer.lastIndexOf("/") + 1)}\0${specifier}`;
    const before = policyDependsOnImporter ? undefined : resolved.get(key);
    if (before !== undefined) return before;
    const found = resolve(specifier, importer, { ...resolution, paths: () => [] });
    resolved.set(key, found);
    return found;
  }
}

function failureOf(resolution: Resolution): Fault {
  if (resolution.kind === "failure") return resolution.fault;
  throw new Fault("ERR_INTERNAL", "What could not be resolved can be resolved now.");
}

async function fetchOnce(wanted: readonly WantedModule[], fetch: LoadOptions["fetch"]): Promise<readonly (LoadedModule | undefined)[]> {
  const keyOf = ({ hash, kind }: WantedModule): string => `${hash}.${kind}`;
  const distinct = [...Map.groupBy(wanted, keyOf).values()].flatMap(([first]) => first ?? []);
  const loaded = await fetch(distinct);
  const byKey = new Map(distinct.map((each, index) => [keyOf(each), loaded[index]]));
  return wanted.map((each) => byKey.get(keyOf(each)));
}

function closureModule(node: GraphNode, isStatic: boolean): ClosureModule {
  if (node.compiled === undefined) throw new Fault("ERR_INTERNAL", `${node.path} was taken into a closure without its code.`);
  const links = new Map<string, Link>();
  for (const { record, resolution } of node.edges) {
    if (resolution.kind === "failure" || links.has(record.specifier)) continue;
    links.set(record.specifier, { specifier: record.specifier, target: resolution.kind === "sdk" ? "sdk" : resolution.path });
  }
  return { path: node.path, hash: node.hash, compiled: node.compiled, links: [...links.values()], static: isStatic };
}

function closureOf(entries: readonly ModulePath[], modules: readonly ClosureModule[]): LoadedClosure {
  let usesSdk = false;
  let usesZod = false;
  for (const module of modules) {
    for (const record of module.compiled.facts.imports) {
      const mayBeAny = record.kind === "dynamic" && (record.specifier === undefined || record.specifier === SDK_SPECIFIER);
      const isSdk = record.kind !== "dynamic" && record.specifier === SDK_SPECIFIER;
      usesSdk ||= mayBeAny || isSdk;
      usesZod ||= mayBeAny || (isSdk && record.names.some(({ name }) => name === "z" || name === "*"));
    }
  }
  return { entries, modules, usesSdk, usesZod };
}
