// Faults of a closure, told with the way on which the module was reached: entry first.
import { Fault } from "../errors.ts";
import type { ClosureModule } from "./closure.ts";
import type { ModulePath } from "./module-path.ts";
import type { CompiledModule, Position } from "./module-record.ts";

const WAY = "\nImported by way of ";

/** One import on the way: where it stands and what it says. */
export interface ChainLink extends Position {
  readonly path: ModulePath;
  readonly specifier: string;
}

/** The same fault with the chain in message and details; `chain` ends with the import that failed or that led to the module. */
export function withChain(fault: Fault, chain: readonly ChainLink[]): Fault {
  // The importer itself is in the message already where an import failed.
  const told = fault.details["importer"] === undefined ? 1 : 2;
  const message =
    chain.length < told ? fault.message : `${fault.message}${WAY}${chain.map(({ path, line, column }) => `${path}:${line}:${column}`).join(" → ")}.`;
  return new Fault(fault.code, message, { name: fault.name, details: { ...fault.details, chain }, cause: fault.cause });
}

/** The same fault as it is told when the module where its chain begins was itself imported at `link`. */
export function underImport(fault: Fault, link: ChainLink): Fault {
  const { chain } = fault.details;
  const [message = ""] = fault.message.split(WAY);
  return withChain(new Fault(fault.code, message, { name: fault.name, details: fault.details, cause: fault.cause }), [
    link,
    ...(Array.isArray(chain) ? (chain as ChainLink[]) : []),
  ]);
}

/** A shortest way of static imports from `entry` to `target`; empty where there is none, or no need of one. */
export function chainTo(modules: ReadonlyMap<string, ClosureModule>, entry: string, target: string): readonly ChainLink[] {
  const reached = new Map<string, readonly ChainLink[]>([[entry, []]]);
  for (const [path, chain] of reached) {
    if (path === target) return chain;
    const module = modules.get(path);
    for (const link of module?.links ?? []) {
      const record = module?.compiled.facts.imports.find(({ kind, specifier }) => kind !== "dynamic" && specifier === link.specifier);
      if (module === undefined || record === undefined || reached.has(link.target)) continue;
      reached.set(link.target, [...chain, { path: module.path, specifier: link.specifier, line: record.line, column: record.column }]);
    }
  }
  return [];
}

/** ERR_MODULE_SYNTAX for the first error of a module that does not parse; undefined when it does. */
export function syntaxFault(path: ModulePath, compiled: CompiledModule): Fault | undefined {
  const errors = compiled.facts.diagnostics.filter((each) => each.severity === "error");
  const [first] = errors;
  if (first === undefined) return undefined;
  const more = errors.length === 1 ? "" : ` (and ${errors.length - 1} more)`;
  const details = { path, line: first.line, column: first.column, diagnostics: errors };
  return new Fault("ERR_MODULE_SYNTAX", `${path}:${first.line}:${first.column}: ${first.message}${more}`, { name: "SyntaxError", details });
}

/** A fault that was found without knowing the module's path, with the path. */
export function inModule(path: ModulePath, fault: Fault): Fault {
  const { line, column } = fault.details;
  const place = typeof line === "number" ? `${path}:${line}:${String(column)}` : path;
  return new Fault(fault.code, `${place}: ${fault.message}`, { name: fault.name, details: { ...fault.details, path }, cause: fault.cause });
}
