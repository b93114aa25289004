// Which way imports may point, each rule with its reason. Imports of types count. Read by dependency-cruiser through import-directions.test.ts,
// which also holds a violation of each rule.
import type { ICruiseOptions, IForbiddenRuleType } from "dependency-cruiser";

interface Match {
  readonly path?: string | string[];
  readonly pathNot?: string | string[];
}

interface Rule {
  readonly name: string;
  readonly comment: string;
  readonly severity: "error";
  readonly from: Match;
  readonly to: Match & {
    readonly dependencyTypes?: string[];
    readonly dependencyTypesNot?: string[];
    readonly circular?: boolean;
    readonly couldNotResolve?: boolean;
    readonly reachable?: boolean;
  };
}

/** Ground that everything may stand on: values and types without behaviour. */
const GROUND = "^src/(errors|completion|limits|settings|execution-error|rfc-3339|observe/observe)\\.ts$";

/** Types of what crosses between the room and the host. */
const BORDER = "sandbox/host\\.d\\.ts$";

/** `name`: nothing in `from` may import what `to` matches, `reason` why. */
function forbid(name: string, reason: string, from: Rule["from"], to: Rule["to"]): Rule {
  return { name, comment: reason, severity: "error", from, to };
}

/** Files under `folder` may import of ours only the ground, themselves and `below`. */
function layer(folder: string, below: readonly string[], reason: string): Rule {
  const path = folder.endsWith(".ts") ? `^src/${folder.replaceAll(".", "\\.")}$` : `^src/${folder}/`;
  const allowed = below.map((name) => (name.endsWith(".ts") ? `^src/${name.replaceAll(".", "\\.")}$` : name.includes("/") ? `^${name}` : `^src/${name}/`));
  return forbid(`${folder.replace(/\.ts$/u, "")}-looks-down`, reason, { path }, { path: "^(src|db|sandbox)/", pathNot: [path, GROUND, ...allowed] });
}

function npm(...names: string[]): string {
  return `(^|node_modules/)(${names.join("|")})(/|$)`;
}

export const rules: readonly Rule[] = [
  forbid(
    "ground-stands-alone",
    "Everything stands on the fault table and the completion: if they imported anything but each other, everything would stand on that too.",
    { path: GROUND },
    { path: "^(src|db|sandbox)/", pathNot: [GROUND, BORDER] },
  ),
  layer("modules", [], "What a module is can be said without an isolate and without a store."),
  layer("isolate", ["modules", BORDER], "The room is given the modules it runs; it knows neither the process around it nor where they come from."),
  layer(
    "process",
    ["isolate", "modules", BORDER],
    "The process is the boundary: what it can import, a room that broke out could reach. No store, no database.",
  ),
  layer("snapshot", ["modules"], "A snapshot is an index of modules; the database behind it is a port that somebody else fills in."),
  layer(
    "executions",
    ["process", "isolate", "workspace", "snapshot", "modules", "db/", BORDER],
    "How a run ended is told by what ran it; who composed the run, and who asked for it, is not the record's matter.",
  ),
  layer("workspace", ["snapshot", "modules", "db/"], "Saving files must work where nothing can be run."),
  layer(
    "queue",
    ["executions", "workspace", "snapshot", "modules", "db/"],
    "Who gets what to run, and when, is decided without knowing how it is run, or who asked for it.",
  ),
  layer(
    "keep",
    ["workspace", "snapshot", "modules", "db/"],
    "What is kept is told by the database alone: it must be right whatever runs, and where nothing does.",
  ),
  layer(
    "execution.ts",
    ["executions", "process", "isolate", "workspace", "snapshot", "modules", BORDER],
    "One run on one page is told in terms of its steps; who composed them is not its matter.",
  ),
  forbid(
    "executor-is-below-its-callers",
    "The one place of composition serves every door, so it knows none of them.",
    { path: "^src/executor\\.ts$" },
    { path: "^src/(index\\.ts|cli/|rpc/|mcp/|testing/)" },
  ),
  forbid(
    "index-is-below-the-doors",
    "The public surface is what the doors are built on.",
    { path: "^src/index\\.ts$" },
    { path: "^src/(cli|rpc|mcp|testing)/" },
  ),
  forbid("doors-are-apart", "CLI and RPC are two doors of one house; neither is reached through the other.", { path: "^src/rpc/" }, { path: "^src/cli/" }),
  forbid("testing-is-no-command", "The harness is a library: it must not bring a command line along.", { path: "^src/testing/" }, { path: "^src/(cli|mcp)/" }),
  forbid(
    "harness-stays-out-of-the-product",
    "What is made for tests must not run in production.",
    { path: "^src/", pathNot: "^src/testing/" },
    { path: "^(src/testing|test)/" },
  ),
  forbid(
    "configuration-is-passed-in",
    "Only who composes reads the configuration: everything else takes what it needs as an argument, and so can be tested with it.",
    { path: "^src/", pathNot: ["^src/[^/]+\\.ts$", "^src/(cli|rpc|mcp|testing)/"] },
    { path: "^src/config\\.ts$" },
  ),
  forbid(
    "db-knows-only-sql",
    "The database's shape must not depend on the code that happens to use it today.",
    { path: "^db/" },
    { path: "^(src|sandbox|test)/" },
  ),
  forbid(
    "sandbox-is-another-country",
    "What runs in the room can import nothing of the host: there it would not exist, or worse, it would.",
    { path: "^sandbox/" },
    { path: "^(src|db|test)/" },
  ),
  forbid("sandbox-has-no-node", "The room has no Node, so code for it must not compile against it.", { path: "^sandbox/" }, { dependencyTypes: ["core"] }),
  forbid(
    "host-knows-only-the-border",
    "The host meets the room through one declaration file; the room's code is text to it.",
    { path: "^(src|db)/" },
    { path: "^sandbox/", pathNot: BORDER },
  ),
  forbid(
    "client-is-light",
    "Who calls over the network must not load a compiler, an isolate or a database driver, not even through others.",
    { path: "^src/rpc/client[^/]*\\.ts$" },
    {
      path: npm("isolated-vm", "typescript", "ioredis", "pg", "kysely", "@electric-sql/pglite", "bullmq", "fastify", "esbuild", "prom-client", "pino"),
      reachable: true,
    },
  ),
  forbid(
    "isolated-vm-has-one-home",
    "An isolate used twice, or a handle left lying, is a way out of the room.",
    { path: "^(src|db|sandbox)/", pathNot: "^src/isolate/" },
    { path: npm("isolated-vm") },
  ),
  forbid(
    "compiler-has-one-home",
    "The TypeScript compiler costs 120 ms to load and its API is about to change.",
    { path: "^(src|db|sandbox)/", pathNot: "^src/modules/compiler/" },
    { path: npm("typescript") },
  ),
  forbid(
    "redis-has-one-home",
    "What is cached where is decided in the files named redis-*.",
    { path: "^(src|db|sandbox)/", pathNot: "/redis-[^/]+\\.ts$" },
    { path: npm("ioredis") },
  ),
  forbid(
    "sql-has-one-home",
    "Tables and statements change together, in one place.",
    { path: "^(src|sandbox)/" },
    { path: npm("pg", "kysely", "@electric-sql/pglite") },
  ),
  forbid(
    "queue-has-one-home",
    "The queue carries messages and holds no truth.",
    { path: "^(src|db|sandbox)/", pathNot: "^src/queue/" },
    { path: npm("bullmq") },
  ),
  forbid(
    "watchers-have-one-home",
    "What is told to those who watch is said in our words; which libraries carry it is one folder's matter, and a command that serves nobody loads none of them.",
    { path: "^(src|db|sandbox)/", pathNot: "^src/observe/" },
    { path: npm("prom-client", "pino", "@opentelemetry/[^/]+") },
  ),
  layer("observe", [], "Those who watch see what they are told, and nothing of how it came about."),
  forbid(
    "encryption-has-one-home",
    "What a stored secret is bound to is decided in one place.",
    { path: "^(src|db|sandbox)/", pathNot: "^src/workspace/secret-sealing\\.ts$" },
    { path: npm("jose") },
  ),
  forbid(
    "what-runs-is-installed",
    "Who installs the package has no development dependencies. esbuild builds the room's bundle in the checkout; packing does it beforehand.",
    { path: "^(src|db)/", pathNot: "^src/isolate/sandbox-build\\.ts$" },
    { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["type-only"] },
  ),
  forbid(
    "what-is-imported-exists",
    "An import that resolves to nothing is a typing error waiting for its caller.",
    { path: "^(src|db)/" },
    { couldNotResolve: true, pathNot: npm("bullmq", "bifrost") },
  ),
  forbid("no-circles", "Files that import each other in a circle are one file in disguise.", { path: "^(src|db|sandbox)/" }, { circular: true }),
];

export const options: ICruiseOptions = {
  ruleSet: { forbidden: rules as unknown as IForbiddenRuleType[] },
  validate: true,
  // Imports of types are gone from the output; here they count.
  tsPreCompilationDeps: true,
  doNotFollow: { path: "node_modules" },
  exclude: { path: ["^db/example/", "^dist/"] },
  combinedDependencies: false,
  enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "node", "default"] },
};
