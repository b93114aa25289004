// What a caller writes to say which workflow is meant (B16). Knows the text only, not what exists.
import { Fault } from "../errors.ts";
import { scriptKindOf } from "../modules/module-path.ts";
import { isUuid } from "./uuid.ts";

export type Reference =
  | { readonly kind: "id"; readonly id: string }
  /** `path::export`. */
  | { readonly kind: "export"; readonly path: string; readonly exportName: string }
  /** A path, whose default export is meant, or a name: which of them only the workspace can tell. */
  | { readonly kind: "text"; readonly text: string };

/** Throws ERR_INPUT_INVALID for a reference that can name nothing. */
export function parseReference(text: string): Reference {
  if (text === "") throw malformed(text, "it is empty");
  if (isUuid(text)) return { kind: "id", id: text.toLowerCase() };
  const at = text.lastIndexOf("::");
  if (at < 0) return { kind: "text", text: fromRoot(text) };
  const path = fromRoot(text.slice(0, at));
  const exportName = text.slice(at + 2);
  if (path === "") throw malformed(text, "it has no path before '::'");
  if (exportName === "") throw malformed(text, "it has no export name after '::'");
  return { kind: "export", path, exportName };
}

/** True for text that can hardly be meant as a name. */
export function looksLikePath(text: string): boolean {
  return text.includes("/") || text.includes("\\") || scriptKindOf(text) !== undefined;
}

/** A shell completes `./wf.ts`; paths are counted from the root in any case. */
function fromRoot(path: string): string {
  return path.startsWith("./") ? path.slice(2) : path;
}

function malformed(text: string, problem: string): Fault {
  return new Fault("ERR_INPUT_INVALID", `${JSON.stringify(text)} names no workflow: ${problem}. Write a name, a path, path::export or an id.`, {
    details: { path: "workflow", expected: "a name, a path, path::export or a UUID", received: text },
  });
}
