// Modules and their resolved imports, as the loader knows them, and the walk in the order in which code would be linked.
import { Fault } from "../errors.ts";
import type { ContentHash } from "./content-hash.ts";
import { withChain } from "./import-chain.ts";
import type { ChainLink } from "./import-chain.ts";
import type { ModulePath } from "./module-path.ts";
import type { CompiledModule, ImportRecord } from "./module-record.ts";
import type { Resolution } from "./resolver.ts";

export interface Edge {
  readonly record: ImportRecord & { readonly specifier: string };
  readonly resolution: Resolution;
  /** The failure as it is to be told; looking for what the author may have meant costs too much for one that is never told. */
  readonly explain?: () => Fault;
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

/** What stands in the way of the first import that cannot be linked, in source order; told with its chain when asked. */
export type Obstacle = () => Fault;

/**
 * Depth first from `root` along static imports, leaving out what is in `done`. Gives the nodes in the order they were
 * met, or what is in the way. Keeps its own stack: import chains may be thousands long. `broken` collects the modules
 * that lead to a fault, so that another walk ends where it meets one of them.
 */
export function walk(
  graph: Graph,
  root: ModulePath,
  { done, broken }: { done: { has(path: ModulePath): boolean }; broken?: Set<ModulePath> },
): readonly GraphNode[] | Obstacle {
  const met = new Map<ModulePath, GraphNode>();
  const stack: { readonly node: GraphNode; next: number }[] = [];
  const obstacle = enter(root);
  if (obstacle !== undefined) return obstacle;
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const edge = top.node.edges[top.next];
    if (edge === undefined) {
      stack.pop();
      continue;
    }
    top.next += 1;
    const { resolution, explain } = edge;
    if (resolution.kind === "failure") return ends(() => explain?.() ?? resolution.fault);
    if (resolution.kind === "sdk") continue;
    const below = enter(resolution.path);
    if (below !== undefined) return below;
  }
  return [...met.values()];

  function enter(path: ModulePath): Obstacle | undefined {
    if (met.has(path) || done.has(path)) return undefined;
    const node = graph.get(path);
    if (node === undefined) return undefined;
    const { fault } = node;
    if (fault !== undefined) return ends(() => fault);
    if (broken?.has(path) === true) return ends(() => new Fault("ERR_INTERNAL", `${path} leads to a module that cannot be linked.`));
    met.set(path, node);
    stack.push({ node, next: 0 });
    return undefined;
  }

  function ends(fault: () => Fault): Obstacle {
    for (const { node } of stack) broken?.add(node.path);
    return () => withChain(fault(), chain());
  }

  // Each module on the stack stands at the import after which `next` points.
  function chain(): readonly ChainLink[] {
    return stack.flatMap(({ node, next }) => {
      const record = node.edges[next - 1]?.record;
      return record === undefined ? [] : [{ path: node.path, specifier: record.specifier, line: record.line, column: record.column }];
    });
  }
}
