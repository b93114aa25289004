// What V8 said when it would not compile or link, for the author to read. The loader has found missing exports and
// syntax errors already where the syntax tree shows them; what is left are the early errors that only V8 knows, such as
// a name declared twice.
import { Fault } from "../errors.ts";
import type { MapStack } from "../execution-error.ts";

export interface LinkError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Module whose code was being compiled. */
  readonly path?: string;
}

/** isolated-vm appends the place in the emitted code: `… [workspace:///a.ts:3:5]`. */
const PLACE = / \[workspace:\/\/\/(.+):(\d+):(\d+)\]$/;

export function explainLink(error: LinkError, mapStack: MapStack): Fault {
  const place = PLACE.exec(error.message);
  const message = error.message.replace(PLACE, "");
  const code = message.includes("does not provide an export named") || message.includes("contains conflicting star exports") ? "ERR_EXPORT_MISSING" : "ERR_MODULE_SYNTAX";
  if (place === null) return new Fault(code, error.path === undefined ? message : `${error.path}: ${message}`, { name: "SyntaxError", details: { path: error.path } });
  const frame = mapStack(`SyntaxError\n    at workspace:///${place[1]}:${place[2]}:${place[3]}`).frames[0];
  const where = frame === undefined ? String(place[1]) : `${frame.path}:${frame.line}:${frame.column}`;
  return new Fault(code, `${where}: ${message}`, { name: "SyntaxError", details: { path: place[1], line: frame?.line, column: frame?.column } });
}
