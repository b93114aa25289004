// Who may read a secret: references to executables as an operator writes them, and whether one of them means the executable
// that asks. Paths are compared byte for byte and by whole segments.
import { Fault } from "../errors.ts";
import { pathProblem, scriptKindOf } from "../modules/module-path.ts";

/** The export that an execution runs. */
export interface Reader {
  readonly path: string;
  readonly exportName: string;
}

export const GRANT_FORM = "path::export, a path, a directory that ends in /, or *";
const EVERYTHING = "*";
const MAX_CHARACTERS = 1024;

export function isGranted(grants: readonly string[], reader: Reader): boolean {
  return grants.some((grant) => means(grant, reader));
}

function means(grant: string, { path, exportName }: Reader): boolean {
  if (grant === EVERYTHING) return true;
  if (grant.endsWith("/")) return path.startsWith(grant);
  const { path: granted, exportName: only } = parted(grant);
  return granted === path && (only === undefined || only === exportName);
}

/** Both a path and an export may hold "::": the last one parts them, so that nobody is granted what was meant for another. */
function parted(text: string): { readonly path: string; readonly exportName: string | undefined } {
  const at = text.lastIndexOf("::");
  return at < 0 ? { path: text, exportName: undefined } : { path: text.slice(0, at), exportName: text.slice(at + 2) };
}

/** As it is stored. Throws ERR_INPUT_INVALID for what can mean no executable, or a secret's value in the wrong place. */
export function parseGrant(given: string): string {
  const text = given.startsWith("./") ? given.slice(2) : given;
  const problem = text.length > MAX_CHARACTERS ? "it is too long" : problemOf(text);
  if (problem === undefined) return text;
  const shown = JSON.stringify(given.slice(0, 200));
  throw new Fault("ERR_INPUT_INVALID", `${shown} cannot be granted a secret: ${problem}. ${GRANT_FORM} is wanted.`, {
    details: { path: "grantedTo", expected: GRANT_FORM, received: given.slice(0, 200) },
  });
}

function problemOf(text: string): string | undefined {
  if (text === EVERYTHING) return undefined;
  if (text.endsWith("/")) return pathProblem(text.slice(0, -1));
  const { path, exportName } = parted(text);
  if (exportName === "") return "it has no export name after '::'";
  const problem = pathProblem(path);
  if (problem !== undefined) return problem;
  const kind = scriptKindOf(path);
  return kind === undefined || kind === "json" ? `${JSON.stringify(path)} is no file of program code (${path}/ would be the directory)` : undefined;
}
