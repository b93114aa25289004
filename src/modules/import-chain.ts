// Faults of a closure, told with the way on which the module was reached: entry first.
import { Fault } from "../errors.ts";
import type { ModulePath } from "./module-path.ts";
import type { CompiledModule, Position } from "./module-record.ts";

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
    chain.length < told
      ? fault.message
      : `${fault.message}\nImported by way of ${chain.map(({ path, line, column }) => `${path}:${line}:${column}`).join(" → ")}.`;
  return new Fault(fault.code, message, { name: fault.name, details: { ...fault.details, chain }, cause: fault.cause });
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
  return new Fault(fault.code, `${path}: ${fault.message}`, { name: fault.name, details: { ...fault.details, path }, cause: fault.cause });
}
