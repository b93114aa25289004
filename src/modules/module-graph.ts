// Modules and their resolved imports, as the loader knows them, and the walk in the order in which code would be linked.
import type { Fault } from "../errors.ts";
import type { ContentHash } from "./content-hash.ts";
import { withChain } from "./import-chain.ts";
import type { ChainLink } from "./import-chain.ts";
import type { ModulePath } from "./module-path.ts";
import type { CompiledModule, ImportRecord } from "./module-record.ts";
import type { Resolution } from "./resolver.ts";

export interface Edge {
  readonly record: ImportRecord & { readonly specifier: string };
  readonly resolution: Resolution;
}

export interface GraphNode {
  readonly path: ModulePath;
  readonly hash: ContentHash;
  /** Absent exactly where the module has a fault of its own. */
  readonly compiled?: CompiledModule;
  readonly fault?: Fault;
  /** Static imports and re-exports, in source order. */
  readonly edges: readonly Edge[];
  /** Modules that a literal `import()` names. */
  readonly later: readonly ModulePath[];
}

export type Graph = ReadonlyMap<ModulePath, GraphNode>;

/**
 * Depth first from `root` along static imports, leaving out what is in `done`. Gives the nodes in the order they were
 * met, or the first fault in source order with its chain. Keeps its own stack: import chains may be thousands long.
 */
export function walk(graph: Graph, root: ModulePath, done: { has(path: ModulePath): boolean }): readonly GraphNode[] | Fault {
  const met = new Map<ModulePath, GraphNode>();
  const stack: { readonly node: GraphNode; next: number }[] = [];
  const fault = enter(root);
  if (fault !== undefined) return fault;
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const edge = top.node.edges[top.next];
    if (edge === undefined) {
      stack.pop();
      continue;
    }
    top.next += 1;
    if (edge.resolution.kind === "failure") return withChain(edge.resolution.fault, chain());
    if (edge.resolution.kind === "sdk") continue;
    const below = enter(edge.resolution.path);
    if (below !== undefined) return below;
  }
  return [...met.values()];

  function enter(path: ModulePath): Fault | undefined {
    if (met.has(path) || done.has(path)) return undefined;
    const node = graph.get(path);
    if (node === undefined) return undefined;
    if (node.fault !== undefined) return withChain(node.fault, chain());
    met.set(path, node);
    stack.push({ node, next: 0 });
    return undefined;
  }

  // Each module on the stack stands at the import after which `next` points.
  function chain(): readonly ChainLink[] {
    return stack.flatMap(({ node, next }) => {
      const record = node.edges[next - 1]?.record;
      return record === undefined ? [] : [{ path: node.path, specifier: record.specifier, line: record.line, column: record.column }];
    });
  }
}
