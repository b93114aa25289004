// What V8 said when it would not compile or link, for the author to read. The loader has found missing exports and
// syntax errors already where the syntax tree shows them; what is left are the early errors that only V8 knows, such as
// a name declared twice, or one that two `export *` bring.
import { Fault } from "../errors.ts";
import type { MapStack } from "../execution-error.ts";
import type { LinkError } from "../isolate/room-outcome.ts";
import { refusalFault } from "../modules/compile-refusal.ts";
import { chainTo, inModule, withChain } from "../modules/import-chain.ts";
import type { ClosureModule } from "../modules/loader.ts";

export interface LinkContext {
  readonly mapStack: MapStack;
  readonly modules: ReadonlyMap<string, ClosureModule>;
  /** Where the linking began. */
  readonly entry: string;
}

/** isolated-vm appends the place in the emitted code: `… [workspace:///a.ts:3:5]`. */
const PLACE_BEGINS = " [workspace:///";
const PLACE = /^ \[workspace:\/\/\/(.+):(\d+):(\d+)\]$/;
/** V8 may quote an author's text of any length, and says what is wrong with it before or after. */
const MAX_HEAD = 300;
const MAX_TAIL = 200;
const STACK = /^Maximum call stack size exceeded/;
const EXPORT = /^The requested module '(.+?)' (?:does not provide an export named|contains conflicting star exports for name) '(.+?)'/;

export function explainLink(error: LinkError, context: LinkContext): Fault {
  const end = error.message.lastIndexOf(PLACE_BEGINS);
  const place = end < 0 ? null : PLACE.exec(error.message.slice(end));
  const message = brief(place === null ? error.message : error.message.slice(0, end));
  const [, specifier, name] = EXPORT.exec(message) ?? [];
  if (specifier !== undefined && name !== undefined) return explainExport(message, { specifier, name, context });
  if (error.name === "RangeError" && STACK.test(message)) return explainStack(place?.[1] ?? error.path ?? context.entry, context);
  if (place === null)
    return new Fault("ERR_MODULE_SYNTAX", error.path === undefined ? message : `${error.path}: ${message}`, {
      name: "SyntaxError",
      details: { path: error.path },
    });
  const [, path = "", line, column] = place;
  const frame = context.mapStack(`SyntaxError\n    at workspace:///${path}:${line}:${column}`).frames[0];
  const where = frame === undefined ? path : `${frame.path}:${frame.line}:${frame.column}`;
  const fault = new Fault("ERR_MODULE_SYNTAX", `${where}: ${message}`, { name: "SyntaxError", details: { path, line: frame?.line, column: frame?.column } });
  return withChain(fault, chainTo(context.modules, context.entry, path));
}

function brief(text: string): string {
  const left = text.length - MAX_HEAD - MAX_TAIL;
  return left <= 0 ? text : `${text.slice(0, MAX_HEAD).toWellFormed()} … ${left} characters … ${text.slice(-MAX_TAIL).toWellFormed()}`;
}

/** What the compiler could print may still be too much for V8, which reads it on a smaller stack. */
function explainStack(path: string, context: LinkContext): Fault {
  const module = context.modules.get(path);
  const { line, column } = module?.compiled.facts.nesting ?? {};
  const fault = refusalFault({ reason: "stack", line, column });
  return withChain(module === undefined ? fault : inModule(module.path, fault), chainTo(context.modules, context.entry, path));
}

/** V8 names neither the importer nor the line. */
function explainExport(
  message: string,
  { specifier, name, context }: { readonly specifier: string; readonly name: string; readonly context: LinkContext },
): Fault {
  for (const module of context.modules.values()) {
    for (const record of module.compiled.facts.imports) {
      const wanted = record.kind !== "dynamic" && record.specifier === specifier ? record.names.find((each) => each.name === name) : undefined;
      if (wanted === undefined) continue;
      const details = { specifier, export: name, importer: module.path, line: wanted.line, column: wanted.column };
      const fault = new Fault("ERR_EXPORT_MISSING", `${message} (imported in ${module.path}:${wanted.line}:${wanted.column}).`, {
        name: "SyntaxError",
        details,
      });
      return withChain(fault, [
        ...chainTo(context.modules, context.entry, module.path),
        { path: module.path, specifier, line: wanted.line, column: wanted.column },
      ]);
    }
  }
  return new Fault("ERR_EXPORT_MISSING", message, { name: "SyntaxError", details: { specifier, export: name } });
}
