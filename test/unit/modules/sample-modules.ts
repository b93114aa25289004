// Workspaces in memory for the tests of src/modules: real compiler, real resolver, no store.
import { compileModule } from "../../../src/modules/compiler/transpile.ts";
import { hashContent } from "../../../src/modules/content-hash.ts";
import { DEFAULT_IMPORT_POLICY } from "../../../src/modules/import-policy.ts";
import type { LoadedModule, WantedModule } from "../../../src/modules/loaded-module.ts";
import { loadClosure } from "../../../src/modules/loader.ts";
import type { Closure, LoadedClosure, LoadOptions } from "../../../src/modules/loader.ts";
import { parseModulePath } from "../../../src/modules/module-path.ts";
import type { ModulePath } from "../../../src/modules/module-path.ts";
import type { CompiledModule, CompilerOptionsSubset, ScriptKind } from "../../../src/modules/module-record.ts";
import { resolve } from "../../../src/modules/resolver.ts";
import type { Resolution } from "../../../src/modules/resolver.ts";
import type { Fault } from "../../../src/errors.ts";

export const SDK_EXPORTS: ReadonlySet<string> = new Set(["workflow", "tool", "dataProvider", "z", "UserError"]);

export function compile(text: string, kind: ScriptKind = "ts", options: CompilerOptionsSubset = {}): CompiledModule {
  return compileModule({ hash: hashContent(text), kind, text, options });
}

export function path(text: string): ModulePath {
  return parseModulePath(text);
}

export function resolveIn(paths: readonly string[], specifier: string, referrer = "main.ts"): Resolution {
  const present = new Set(paths.map(path));
  return resolve(specifier, path(referrer), {
    has: (each) => present.has(each),
    paths: () => present,
    policy: DEFAULT_IMPORT_POLICY,
    position: { line: 3, column: 7 },
  });
}

/** The path that was found, "sdk", or the code of the failure. */
export function outcome(resolution: Resolution): string {
  if (resolution.kind === "failure") return resolution.fault.code;
  return resolution.kind === "sdk" ? "sdk" : resolution.path;
}

export function faultOf(resolution: Resolution): Fault {
  if (resolution.kind !== "failure") throw new Error(`expected a failure, found ${JSON.stringify(resolution)}`);
  return resolution.fault;
}

export interface Loading {
  readonly closure: Closure;
  /** What each fetch was asked for. */
  readonly fetches: readonly (readonly ModulePath[])[];
}

export async function load(files: Readonly<Record<string, string>>, entry: string, options: Partial<LoadOptions> = {}): Promise<Loading> {
  const hashes = new Map(Object.entries(files).map(([name, text]) => [path(name), hashContent(text)]));
  const fetches: ModulePath[][] = [];
  const closure = await loadClosure({
    entries: [path(entry)],
    snapshot: { has: (each) => hashes.has(each), paths: () => hashes.keys(), hashOf: (each) => hashes.get(each) },
    policy: DEFAULT_IMPORT_POLICY,
    sdkExports: SDK_EXPORTS,
    fetch: async (wanted: readonly WantedModule[]): Promise<readonly LoadedModule[]> => {
      fetches.push(wanted.map((each) => each.path));
      return wanted.map((each) => ({ compiled: compile(files[each.path] ?? "", each.kind) }));
    },
    ...options,
  });
  return { closure, fetches };
}

export function loaded({ closure }: Loading): LoadedClosure {
  if (closure.failure !== undefined) throw closure.failure;
  return closure;
}

export function failureOf({ closure }: Loading): Fault {
  if (closure.failure === undefined) throw new Error("expected a failure");
  return closure.failure;
}
