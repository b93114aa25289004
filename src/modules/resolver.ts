// Resolution and import policy as one synchronous function over the in-memory snapshot: specifier → module.
// Reads no content. What it returns as a failure is the author's to fix; it throws nothing.
import { Fault } from "../errors.ts";
import type { FaultDetails } from "../errors.ts";
import { findDenial } from "./import-policy.ts";
import type { ImportPolicy } from "./import-policy.ts";
import type { ModulePath } from "./module-path.ts";
import type { Position } from "./module-record.ts";
import { nearestPath } from "./nearest-name.ts";
import { quoted as quote, shortened } from "./shown-text.ts";
import { candidatesOf, parseSpecifier } from "./specifier.ts";

export type Resolution =
  | { readonly kind: "module"; readonly path: ModulePath }
  | { readonly kind: "sdk" }
  | { readonly kind: "failure"; readonly fault: Fault };

export interface ResolveOptions {
  readonly has: (path: ModulePath) => boolean;
  /** Every path of the snapshot; asked only after a failure. */
  readonly paths: () => Iterable<ModulePath>;
  readonly policy: ImportPolicy;
  /** Where the specifier stands in the referrer. */
  readonly position?: Position;
}

interface Import {
  readonly specifier: string;
  readonly importer: ModulePath;
  readonly position: Position | undefined;
}

export function resolve(specifier: string, referrer: ModulePath, options: ResolveOptions): Resolution {
  const asked: Import = { specifier, importer: referrer, position: options.position };
  const parsed = parseSpecifier(specifier, referrer);
  if (parsed.kind === "invalid") return failure("ERR_SPECIFIER_INVALID", asked, invalid(asked, parsed.problem));

  const rule = findDenial(options.policy, specifier, referrer);
  if (rule !== undefined) {
    const message = `Cannot import ${quote(specifier)} in ${placeOf(asked)}: ${rule.reason} (rule ${rule.name}). ${rule.instead}`;
    return failure("ERR_IMPORT_DENIED", asked, { message, details: { rule: rule.name, reason: rule.reason, instead: rule.instead } });
  }
  if (parsed.kind === "scheme") {
    return failure("ERR_SPECIFIER_INVALID", asked, invalid(asked, `modules come from the workspace only, never from '${shortened(parsed.scheme, 60)}:'`));
  }
  if (parsed.kind === "sdk") return { kind: "sdk" };

  const tried = candidatesOf(parsed);
  const path = tried.find((candidate) => options.has(candidate));
  if (path !== undefined) return { kind: "module", path };
  return failure("ERR_MODULE_NOT_FOUND", asked, notFound(asked, { tried, wanted: parsed.path, bare: parsed.bare, paths: options.paths }));
}

/** `path:line:column`, or the path where no position is known. */
export function placeOf(asked: { readonly importer: string; readonly position: Position | undefined }): string {
  return asked.position === undefined ? asked.importer : `${asked.importer}:${asked.position.line}:${asked.position.column}`;
}

interface Report {
  readonly message: string;
  readonly details: FaultDetails;
}

function failure(code: "ERR_SPECIFIER_INVALID" | "ERR_IMPORT_DENIED" | "ERR_MODULE_NOT_FOUND", asked: Import, report: Report): Resolution {
  const { specifier, importer, position } = asked;
  const details = { specifier: shortened(specifier, 2000), importer, ...(position && { line: position.line, column: position.column }), ...report.details };
  return { kind: "failure", fault: new Fault(code, report.message, { details }) };
}

function invalid(asked: Import, problem: string): Report {
  return { message: `Cannot import ${quote(asked.specifier)} in ${placeOf(asked)}: ${problem}.`, details: { problem } };
}

interface Search {
  readonly tried: readonly ModulePath[];
  readonly wanted: string;
  readonly bare: boolean;
  readonly paths: () => Iterable<ModulePath>;
}

function notFound(asked: Import, search: Search): Report {
  const nearest = nearestPath(search.wanted, search.paths());
  const what = search.bare ? "is neither the SDK nor a path from the workspace root, and npm packages cannot be imported" : "is not in the workspace";
  const sentences = [`Cannot find module ${quote(asked.specifier)} imported in ${placeOf(asked)}: it ${what}.`];
  if (/^zod(\/|$)/.test(asked.specifier)) sentences.push('zod comes with the SDK: import { z } from "bifrost".');
  if (search.tried.length > 0) sentences.push(`Tried ${search.tried.join(", ")}.`);
  if (nearest !== undefined) sentences.push(`Did you mean ${quote(specifierFor(nearest, search.bare, asked.importer))}?`);
  return { message: sentences.join(" "), details: { candidates: search.tried, ...(nearest !== undefined && { nearest }) } };
}

// The nearest path in the way the author wrote the import: relative stays relative.
function specifierFor(path: string, bare: boolean, importer: string): string {
  if (bare) return path;
  const from = importer.split("/").slice(0, -1);
  const to = path.split("/");
  while (from.length > 0 && to.length > 1 && from[0] === to[0]) {
    from.shift();
    to.shift();
  }
  return from.length === 0 ? `./${to.join("/")}` : `${"../".repeat(from.length)}${to.join("/")}`;
}
