// Bare isolated-vm, as one uses it without anything around it: a fresh isolate and context, one ES module a file, transpiled
// beforehand, in one process, input and result as JSON text. No resolver, no limits but memory, no hardening, no record.
// "sync" compiles and links on the calling thread: fewer hops between threads, and nothing else can happen meanwhile.
import ivm from "isolated-vm";
import type { Contender } from "./contender.ts";
import type { SampleGraph } from "./module-graph.ts";

export type FloorKind = "floor" | "floor-sync";

const MEMORY_MB = 128;
const CALL = `import main from "entry"; export default async (input) => JSON.stringify(await main(JSON.parse(input)));`;

type Call = ivm.Reference<(input: string) => Promise<string>>;

/** Path → JavaScript. */
export async function transpileForFloor(graph: SampleGraph): Promise<ReadonlyMap<string, string>> {
  const { default: ts } = await import("typescript");
  const compilerOptions = { target: ts.ScriptTarget.ES2024, module: ts.ModuleKind.ESNext, isolatedModules: true };
  return new Map(Object.entries(graph.plainFiles).map(([path, text]) => [path, ts.transpileModule(text, { fileName: path, compilerOptions }).outputText]));
}

export interface Floor extends Contender {
  /** Run and disposal in one, for several at once. */
  runWhole(input: unknown): Promise<unknown>;
}

export function createFloor(kind: FloorKind, graph: SampleGraph, code: ReadonlyMap<string, string>): Floor {
  const enter = kind === "floor" ? enterAsync : enterSync;
  let used: ivm.Isolate | undefined;

  async function answer(isolate: ivm.Isolate, input: unknown): Promise<unknown> {
    const call = await enter(isolate, { graph, code });
    const text = await call.apply(undefined, [JSON.stringify(input)], { result: { promise: true } });
    return JSON.parse(text as unknown as string);
  }

  return {
    name: kind,
    async run(input) {
      used = new ivm.Isolate({ memoryLimit: MEMORY_MB });
      return await answer(used, input);
    },
    async rest() {
      used?.dispose();
      used = undefined;
    },
    async runWhole(input) {
      const isolate = new ivm.Isolate({ memoryLimit: MEMORY_MB });
      try {
        return await answer(isolate, input);
      } finally {
        isolate.dispose();
      }
    },
  };
}

interface Code {
  readonly graph: SampleGraph;
  readonly code: ReadonlyMap<string, string>;
}

async function enterAsync(isolate: ivm.Isolate, { graph, code }: Code): Promise<Call> {
  const context = await isolate.createContext();
  const modules = new Map<string, ivm.Module>();
  const paths = new Map<ivm.Module, string>();
  const compiling = [...code].map(async ([path, js]) => {
    const module = await isolate.compileModule(js, { filename: path });
    modules.set(path, module);
    paths.set(module, path);
  });
  const root = await isolate.compileModule(CALL);
  await Promise.all(compiling);
  await root.instantiate(context, linker(graph, modules, paths));
  await root.evaluate();
  return (await root.namespace.get("default", { reference: true })) as Call;
}

async function enterSync(isolate: ivm.Isolate, { graph, code }: Code): Promise<Call> {
  const context = isolate.createContextSync();
  const modules = new Map<string, ivm.Module>();
  const paths = new Map<ivm.Module, string>();
  for (const [path, js] of code) {
    const module = isolate.compileModuleSync(js, { filename: path });
    modules.set(path, module);
    paths.set(module, path);
  }
  const root = isolate.compileModuleSync(CALL);
  root.instantiateSync(context, linker(graph, modules, paths));
  root.evaluateSync();
  return root.namespace.getSync("default", { reference: true }) as Call;
}

function linker(
  graph: SampleGraph,
  modules: ReadonlyMap<string, ivm.Module>,
  paths: ReadonlyMap<ivm.Module, string>,
): (specifier: string, referrer: ivm.Module) => ivm.Module {
  return (specifier, referrer) => {
    const from = paths.get(referrer);
    return modules.get(from === undefined ? graph.entry : (graph.links.get(from)?.get(specifier) ?? ""))!;
  };
}
