// Random module graphs as data: who imports whom and how, who waits, who fails. Knows nothing of source text.
//
// Left out is what no specification orders: two waits for the outside at once, and an import() that waits for its own importer.
import fc from "fast-check";

export interface Graph {
  readonly modules: readonly GraphModule[];
  /** Whether the entry imports module 0 with a statement, or all of them with import() only. */
  readonly enters: "static" | "dynamic";
  /** The module with which the entry's own import() calls begin. */
  readonly firstAsked: number;
}

export interface GraphModule {
  readonly kind: "code" | "json";
  readonly directory: (typeof DIRECTORIES)[number];
  readonly edges: readonly Edge[];
  readonly wait: Wait;
  readonly failure: Failure | undefined;
  /** Whether it exports the name that others may export too: two of it behind stars hide each other. */
  readonly shared: boolean;
  readonly defaultExport: (typeof DEFAULTS)[number];
}

export interface Edge {
  readonly target: number;
  readonly form: (typeof FORMS)[number];
  /** How the specifier is written: the same module under other spellings. */
  readonly spelling: "plain" | "dotted" | "detour";
  /** Reads the binding without catching what that throws. */
  readonly unguarded: boolean;
}

export type Wait =
  | { readonly kind: "none" }
  /** That many turns of the queue of promise jobs. */
  | { readonly kind: "ticks"; readonly count: number }
  /** That many timers of one millisecond, one after another. */
  | { readonly kind: "timers"; readonly count: number }
  | { readonly kind: "import"; readonly target: number; readonly caught: boolean };

export interface Failure {
  readonly when: "first" | "last";
  readonly how: (typeof FAILURES)[number];
}

export const DIRECTORIES = ["", "d/", "d/e/"] as const;
export const DEFAULTS = ["expression", "function", "class", "none"] as const;
export const FAILURES = ["error", "caused", "own-class", "native", "undeclared", "text", "nothing", "object", "rejection"] as const;
export const FORMS = [
  "side-effect",
  "named",
  "default",
  "namespace",
  "everything",
  "reexport-named",
  "reexport-default",
  "reexport-namespace",
  "star",
  "import-then-export",
  "named-shared",
] as const;

/** One in as many links a name that may not be there: it spoils the whole graph. */
const RARELY = 60;
const MAX_MODULES = 12;

export const graph: fc.Arbitrary<Graph> = fc.integer({ min: 1, max: MAX_MODULES }).chain((count) =>
  fc
    .record({
      modules: fc.array(moduleOf(count), { minLength: count, maxLength: count }),
      enters: fc.constantFrom("static", "dynamic"),
      firstAsked: fc.nat({ max: count - 1 }),
      /** What this graph may wait for. */
      outside: fc.constantFrom("timers", "import", "import", "none"),
    })
    .map(({ outside, ...shape }) => possible(shape as Graph, outside)),
);

function moduleOf(count: number): fc.Arbitrary<GraphModule> {
  const target = fc.nat({ max: count - 1 });
  const common = FORMS.filter((form) => form !== "named-shared");
  const edge = fc.record({
    target,
    form: fc.oneof({ weight: RARELY, arbitrary: fc.constantFrom(...common) }, { weight: 1, arbitrary: fc.constant("named-shared" as const) }),
    spelling: fc.constantFrom("plain" as const, "plain" as const, "dotted" as const, "detour" as const),
    unguarded: fc.nat({ max: 15 }).map((chance) => chance === 15),
  });
  const wait: fc.Arbitrary<Wait> = fc.oneof(
    { weight: 6, arbitrary: fc.constant<Wait>({ kind: "none" }) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 4 }).map((turns): Wait => ({ kind: "ticks", count: turns })) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }).map((turns): Wait => ({ kind: "timers", count: turns })) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("import" as const), target, caught: fc.boolean() }) },
  );
  return fc.record({
    kind: fc.oneof({ weight: 12, arbitrary: fc.constant("code" as const) }, { weight: 1, arbitrary: fc.constant("json" as const) }),
    directory: fc.constantFrom(...DIRECTORIES),
    edges: fc.array(edge, { maxLength: 4 }),
    wait,
    failure: fc.oneof(
      { weight: 14, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.record({ when: fc.constantFrom("first" as const, "last" as const), how: fc.constantFrom(...FAILURES) }) },
    ),
    shared: fc.boolean(),
    defaultExport: fc.constantFrom(...DEFAULTS),
  });
}

/** Without waits that would make the order a matter of chance, or the end never come. */
function possible(shape: Graph, outside: "timers" | "import" | "none"): Graph {
  let waiting = 0;
  const modules = shape.modules.map((module, index): GraphModule => {
    const { wait } = module;
    if (module.kind === "json") return { ...module, edges: [], wait: { kind: "none" }, failure: undefined };
    const none = { ...module, wait: { kind: "none" } as const };
    if (wait.kind === "timers" && outside !== "timers") return none;
    // Beside an import() nobody may count turns: how many it takes is nowhere said.
    if (wait.kind === "ticks" && outside === "import") return none;
    if (wait.kind !== "import") return module;
    if (outside !== "import" || waiting > 0 || reaches(shape.modules, wait.target, index)) return none;
    waiting++;
    return module;
  });
  return { ...shape, modules };
}

/** Over statements alone: there is one import() at most that is waited for. */
export function reaches(modules: readonly GraphModule[], from: number, to: number): boolean {
  const seen = new Set<number>();
  const open = [from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === to) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    if (modules[at]!.kind === "code") open.push(...modules[at]!.edges.map(({ target }) => target));
  }
  return false;
}
