// Identity of a module: a workspace path, byte for byte as the author wrote it. Never a path on a disk.
import { Fault } from "../errors.ts";
import type { ScriptKind } from "./module-record.ts";
import { quoted, shortened } from "./shown-text.ts";

declare const modulePathBrand: unique symbol;

/** A path that passed `parseModulePath`: relative, `/`-separated, no empty, `.` or `..` segment, at most 512 bytes. */
export type ModulePath = string & { readonly [modulePathBrand]: true };

const MAX_PATH_BYTES = 512;

/** Why `text` cannot name a workspace file, or undefined when it can (B5). */
export function pathProblem(text: string): string | undefined {
  if (text === "") return "it is empty";
  if (text.startsWith("/")) return "it begins with '/'; paths are relative to the workspace root";
  if (text.includes("\\")) return "it has a backslash; use '/'";
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f]/.test(text)) return "it has a control character";
  if (!text.isWellFormed()) return "it has half of a surrogate pair and cannot be stored as UTF-8";
  for (const segment of text.split("/")) {
    if (segment === "") return "it has an empty segment";
    if (segment === "." || segment === "..") return `it has a '${segment}' segment`;
  }
  if (Buffer.byteLength(text) > MAX_PATH_BYTES) return `it is longer than ${MAX_PATH_BYTES} bytes`;
  return undefined;
}

/** Throws ERR_PATH_INVALID, naming the path and the reason. */
export function parseModulePath(text: string): ModulePath {
  const problem = pathProblem(text);
  if (problem === undefined) return text as ModulePath;
  throw new Fault("ERR_PATH_INVALID", `The path ${quoted(text)} cannot name a workspace file: ${problem}.`, {
    details: { path: shortened(text, 2000), problem },
  });
}

const KINDS: Readonly<Record<string, ScriptKind>> = {
  ts: "ts",
  mts: "ts",
  tsx: "tsx",
  js: "js",
  mjs: "js",
  jsx: "jsx",
  json: "json",
};

/** How the file at `path` is read when it is imported; undefined when it is not importable. */
export function scriptKindOf(path: string): ScriptKind | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  const extension = name.slice(dot + 1);
  return dot < 0 || !Object.hasOwn(KINDS, extension) ? undefined : KINDS[extension];
}
