// Faults of a closure, told with the way on which the module was reached: entry first.
import { Fault } from "../errors.ts";
import { refusalFault, type CompileRefusal } from "./compile-refusal.ts";
import type { ClosureModule } from "./closure.ts";
import type { ModulePath } from "./module-path.ts";
import type { LoadedModule } from "./loaded-module.ts";
import type { CompiledModule, Position } from "./module-record.ts";

const WAY = "\nImported by way of ";

/** One import on the way: where it stands and what it says. */
export interface ChainLink extends Position {
  readonly path: ModulePath;
  readonly specifier: string;
}

/** Of a longer chain, the first and the last links are told. */
const FIRST_LINKS = 10;
const LAST_LINKS = 40;

/** The same fault with the chain in message and details; `chain` ends with the import that failed or that led to the module. */
export function withChain(fault: Fault, chain: readonly ChainLink[]): Fault {
  // The importer itself is in the message already where an import failed.
  const told = fault.details["importer"] === undefined ? 1 : 2;
  const left = Math.max(0, chain.length - FIRST_LINKS - LAST_LINKS);
  const kept = left === 0 ? chain : [...chain.slice(0, FIRST_LINKS), ...chain.slice(-LAST_LINKS)];
  const places = kept.map(({ path, line, column }) => `${path}:${line}:${column}`);
  if (left > 0) places.splice(FIRST_LINKS, 0, `${left} more`);
  const message = chain.length < told ? fault.message : `${fault.message}${WAY}${places.join(" → ")}.`;
  const details = { ...fault.details, chain: kept, ...(left > 0 && { leftOut: left }) };
  return new Fault(fault.code, message, { name: fault.name, details, cause: fault.cause });
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
  const reachedBy = new Map<string, ChainLink | undefined>([[entry, undefined]]);
  for (const [path] of reachedBy) {
    if (path === target) break;
    const module = modules.get(path);
    if (module === undefined) continue;
    const records = new Map(module.compiled.facts.imports.map((record) => [record.kind === "dynamic" ? undefined : record.specifier, record]));
    for (const link of module.links) {
      const record = records.get(link.specifier);
      if (record === undefined || reachedBy.has(link.target)) continue;
      reachedBy.set(link.target, { path: module.path, specifier: link.specifier, line: record.line, column: record.column });
    }
  }
  const chain: ChainLink[] = [];
  for (let link = reachedBy.get(target); link !== undefined; link = reachedBy.get(link.path)) chain.push(link);
  return chain.toReversed();
}

/** What keeps a module that was asked for from being linked, if anything does. */
export function faultOf(path: ModulePath, loaded: LoadedModule, { maxNesting }: { readonly maxNesting: number }): Fault | undefined {
  const fault = faultBefore(loaded, { maxNesting });
  if (fault !== undefined) return inModule(path, fault);
  return "compiled" in loaded ? syntaxFault(path, loaded.compiled) : undefined;
}

/** The same, as far as it has nothing to do with what the source says; told without the path. */
export function faultBefore(loaded: LoadedModule, { maxNesting }: { readonly maxNesting: number }): Fault | undefined {
  if ("compiled" in loaded) {
    const { depth, line, column } = loaded.compiled.facts.nesting;
    return depth <= maxNesting ? undefined : refusalFault({ reason: "depth", limit: maxNesting, amount: depth, line, column });
  }
  const { fault } = loaded;
  const refusal = fault.details as unknown as CompileRefusal;
  // The compiler has a limit of its own; the workspace's may be lower, and is the one that can be changed.
  const isOurs = fault.code === "ERR_NESTING_LIMIT" && refusal.reason === "depth" && (refusal.limit ?? 0) > maxNesting;
  return isOurs ? refusalFault({ ...refusal, limit: maxNesting }) : fault;
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
