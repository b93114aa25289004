// A graph's shape as files: plain ECMAScript that Node runs as it stands. Every module tells what it sees, before and after it
// waits; the entry imports each of them and returns what they export, or how they failed.
import { posix } from "node:path";
import type { Edge, Failure, Graph, GraphModule, Wait } from "./graph-shapes.ts";

export const ENTRY = "wf.mjs";

export function filesOf(graph: Graph): Record<string, string> {
  const files: Record<string, string> = { [ENTRY]: entryText(graph) };
  for (const [index, module] of graph.modules.entries()) {
    files[pathOf(graph, index)] = module.kind === "json" ? JSON.stringify({ json: index, list: [1, null] }) : moduleText(graph, index);
  }
  return files;
}

function pathOf({ modules }: Graph, index: number): string {
  const { kind, directory } = modules[index]!;
  return `${directory}m${index}.${kind === "json" ? "json" : "mjs"}`;
}

function specifierTo(graph: Graph, from: string, { target, spelling }: Pick<Edge, "target" | "spelling">): string {
  const path = pathOf(graph, target);
  const relative = posix.relative(posix.dirname(from), path);
  const plain = relative.startsWith("../") ? relative : `./${relative}`;
  if (spelling === "dotted") return `./.${plain.startsWith("../") ? `/${plain}` : plain.slice(1)}`;
  return spelling === "detour" ? `./nowhere/../${relative}` : plain;
}

/** Where the binding of an edge is read, under which name it stands. */
interface Read {
  readonly name: string;
  readonly expression: string;
  readonly unguarded: boolean;
}

interface Statement {
  readonly text: string;
  readonly reads: readonly Read[];
}

function moduleText(graph: Graph, index: number): string {
  const module = graph.modules[index]!;
  const statements = module.edges.map((edge, place) => statementOf(graph, index, { edge, place }));
  const reads = statements.flatMap((statement) => statement.reads);
  const see = reads.map(({ name, expression, unguarded }) =>
    unguarded ? `tell(${quote(name)}, ${expression});` : `see(${quote(name)}, () => ${expression});`,
  );
  return [
    ...statements.map(({ text }) => text),
    `console.log("m${index} begins", import.meta.url.slice(import.meta.url.lastIndexOf("/") + 1));`,
    failureText(module.failure, "first", index),
    `export let value${index} = ${index};`,
    `export const fixed${index} = { of: ${index} };`,
    `export function call${index}() { return "called " + value${index}; }`,
    `export function raise${index}() { value${index} += 1; }`,
    module.shared ? `export const shared = "of ${index}";` : "",
    defaultText(module.defaultExport, index),
    ...see,
    ...waitText(graph, index, module.wait),
    `value${index} += 100;`,
    failureText(module.failure, "last", index),
    `console.log("m${index} ends");`,
    `function tell(name, value) { console.log("m${index} sees", name, typeof value === "function" ? "function " + value.name : JSON.stringify(value)); }`,
    `function see(name, read) { try { tell(name, read()); } catch (error) { console.log("m${index} cannot see", name, error.name, error.message); } }`,
    "",
  ]
    .filter((line) => line !== "")
    .join("\n");
}

function statementOf(graph: Graph, index: number, { edge, place }: { readonly edge: Edge; readonly place: number }): Statement {
  const { target, form, unguarded } = edge;
  const json = graph.modules[target]!.kind === "json";
  const from = `${quote(specifierTo(graph, pathOf(graph, index), edge))}${json ? ` with { type: "json" }` : ""}`;
  const local = `n${place}`;
  const out = `from${index}_${place}`;
  const hasDefault = json || graph.modules[target]!.defaultExport !== "none";
  const read = (expression: string): readonly Read[] => [{ name: `${form} m${target}`, expression, unguarded }];
  const value = json ? "default" : `value${target}`;
  switch (form) {
    case "side-effect":
      return { text: `import ${from};`, reads: [] };
    case "named":
      return { text: `import { ${value} as ${local} } from ${from};`, reads: read(local) };
    case "default":
      if (!hasDefault) return { text: `import { fixed${target} as ${local} } from ${from};`, reads: read(`${local}.of`) };
      return { text: `import ${local} from ${from};`, reads: read(local) };
    case "namespace":
      return {
        text: `import * as ${local} from ${from};`,
        reads: [...read(`Object.keys(${local})`), ...read(json ? `${local}.default` : `${local}.call${target}()`)],
      };
    case "everything":
      if (json || !hasDefault) return { text: `import * as ${local} from ${from};`, reads: read(`Reflect.ownKeys(${local}).length`) };
      return {
        text: `import ${local}, { call${target} as ${local}c, raise${target} as ${local}r, ${value} as ${local}v } from ${from};`,
        reads: [...read(local), ...read(`${local}c()`), ...read(`(${local}r(), ${local}v)`)],
      };
    case "reexport-named":
      return { text: `export { ${value} as ${out} } from ${from};`, reads: [] };
    case "reexport-default":
      return { text: `export { ${hasDefault ? "default" : `call${target}`} as ${out} } from ${from};`, reads: [] };
    case "reexport-namespace":
      return { text: `export * as ${out} from ${from};`, reads: [] };
    case "star":
      return { text: `export * from ${from};`, reads: [] };
    case "import-then-export":
      return { text: `import { ${value} as ${local} } from ${from};\nexport { ${local} as ${out} };`, reads: read(local) };
    case "named-shared":
      return { text: `import { shared as ${local} } from ${from};`, reads: read(local) };
  }
}

function defaultText(kind: GraphModule["defaultExport"], index: number): string {
  switch (kind) {
    case "expression":
      return `export default "default of ${index}";`;
    case "function":
      return index % 2 === 0 ? `export default function () { return value${index}; }` : `export default function named${index}() { return value${index}; }`;
    case "class":
      // No static field: TypeScript then gives a class without a name one of its own.
      return `export default class { static of() { return ${index}; } }`;
    case "none":
      return "";
  }
}

function waitText(graph: Graph, index: number, wait: Wait): readonly string[] {
  switch (wait.kind) {
    case "none":
      return [];
    case "ticks":
      return [`for (let turn = 0; turn < ${wait.count}; turn++) { await null; console.log("m${index} turn", turn); }`];
    case "timers":
      return [`for (let turn = 0; turn < ${wait.count}; turn++) { await new Promise((done) => setTimeout(done, 1)); console.log("m${index} timer", turn); }`];
    case "import": {
      const asked = `await import(${quote(specifierTo(graph, pathOf(graph, index), { target: wait.target, spelling: "plain" }))}${attributeOf(graph, wait.target)})`;
      if (!wait.caught) return [`tell("late m${wait.target}", Object.keys(${asked}));`];
      return [`try { tell("late m${wait.target}", Object.keys(${asked})); } catch (error) { console.log("m${index} caught", error?.name); }`];
    }
  }
}

function attributeOf(graph: Graph, target: number): string {
  return graph.modules[target]!.kind === "json" ? `, { with: { type: "json" } }` : "";
}

function failureText(failure: Failure | undefined, when: Failure["when"], index: number): string {
  if (failure?.when !== when) return "";
  switch (failure.how) {
    case "error":
      return `throw new RangeError("m${index} fails");`;
    case "caused":
      return `throw new Error("m${index} fails", { cause: new TypeError("m${index} because") });`;
    case "own-class":
      return `class Own${index} extends Error { name = "Own${index}"; }\nthrow new Own${index}("m${index} fails");`;
    case "native":
      return `null.member${index};`;
    case "undeclared":
      return `nowhere${index};`;
    case "text":
      return `throw "m${index} fails";`;
    case "nothing":
      return `throw undefined;`;
    case "object":
      return `throw { m: ${index} };`;
    case "rejection":
      return `await Promise.reject(new TypeError("m${index} rejects"));`;
  }
}

function entryText(graph: Graph): string {
  const order = graph.modules.map((_, index) => (index + graph.firstAsked) % graph.modules.length);
  // Literal and computed specifiers in turn: only the first are known before the run.
  const asks = order.map((index) => {
    const specifier = specifierTo(graph, ENTRY, { target: index, spelling: "plain" });
    const written = index % 2 === 0 ? quote(specifier) : `String(${quote(specifier)})`;
    return `  report.push([${quote(specifier)}, await describe(() => import(${written}${attributeOf(graph, index)}))]);`;
  });
  const statement =
    graph.enters === "static"
      ? `import * as root from ${quote(specifierTo(graph, ENTRY, { target: 0, spelling: "plain" }))}${graph.modules[0]!.kind === "json" ? ` with { type: "json" }` : ""};\n`
      : "";
  return `import { workflow } from "bifrost";
${statement}console.log("entry");
export default workflow(async () => {
  const report = [];
${asks.join("\n")}
${graph.enters === "static" ? `  report.push(await import(${quote(specifierTo(graph, ENTRY, { target: 0, spelling: "plain" }))}${attributeOf(graph, 0)}) === root);\n` : ""}  return report;
});
async function describe(ask) {
  let namespace;
  try {
    namespace = await ask();
  } catch (error) {
    const again = await ask().then(() => "nothing", (reason) => reason);
    // What else its graph was waiting for comes to its end before the next is asked for.
    for (let turn = 0; turn < 8; turn++) await new Promise((done) => setTimeout(done, 1));
    return { failed: tell(error), same: error instanceof SyntaxError || again === error };
  }
  const found = {};
  for (const key of Reflect.ownKeys(namespace).filter((each) => typeof each === "string")) found[key] = read(namespace, key);
  for (const key of Object.keys(found).filter((each) => each.startsWith("raise"))) namespace[key]();
  for (const key of Object.keys(found).filter((each) => each.startsWith("value"))) found[key + " raised"] = read(namespace, key);
  return found;
}
function read(namespace, key) {
  try {
    const value = namespace[key];
    if (typeof value === "function") return "function " + value.name;
    return value?.[Symbol.toStringTag] === "Module" ? Object.keys(value) : value;
  } catch (error) {
    return tell(error);
  }
}
function tell(error) {
  const lost = "Something that is not an Error was thrown";
  // isolated-vm hands over nothing of a thrown object that is no Error.
  if (error?.message?.startsWith(lost) || (typeof error === "object" && !(error instanceof Error))) return lost;
  if (!(error instanceof Error)) return ["thrown", error === undefined ? "undefined" : error];
  // Of links that fail we say more than Node.
  if (error instanceof SyntaxError) return [error.name];
  return [error.name, error.message, error.cause === undefined ? null : tell(error.cause)];
}
`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
