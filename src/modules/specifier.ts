// Specifier algebra: what the text in an import means, and which paths it may name, in order (B1–B5).
// Knows nothing of what exists: a path is compared byte for byte, without decoding or normalising Unicode.
import type { ModulePath } from "./module-path.ts";

/** The name under which the SDK is imported. */
export const SDK_SPECIFIER = "bifrost";

/** Prefix of `import.meta.url`; importing such a URL equals importing the path. */
export const WORKSPACE_URL = "workspace:///";

export type ParsedSpecifier =
  | { readonly kind: "sdk" }
  /** A place in the workspace, without extension lookup; `path` is "" for the root. `directory`: only an index file will do. */
  | { readonly kind: "place"; readonly path: string; readonly directory: boolean; readonly bare: boolean }
  /** `node:fs`, `https://…`: nothing in the workspace. */
  | { readonly kind: "scheme"; readonly scheme: string }
  | { readonly kind: "invalid"; readonly problem: string };

const MAX_BYTES = 512;
const SCHEME = /^([a-zA-Z][a-zA-Z0-9+.-]*):/;
const RELATIVE = /^\.\.?(?:\/|$)/;

/** In the order in which they are tried. */
const EXTENSIONS = [".ts", ".tsx", ".js", ".jsx", ".mts", ".mjs"] as const;
const ITSELF = new Set(["ts", "tsx", "mts", "json"]);
const TWINS: Readonly<Record<string, readonly string[]>> = { js: [".ts", ".tsx"], jsx: [".tsx"], mjs: [".mts"] };

export function parseSpecifier(specifier: string, referrer: ModulePath): ParsedSpecifier {
  const problem = textProblem(specifier);
  if (problem !== undefined) return { kind: "invalid", problem };
  if (specifier === SDK_SPECIFIER) return { kind: "sdk" };
  if (specifier.startsWith(WORKSPACE_URL)) return place(specifier.slice(WORKSPACE_URL.length), [], false);
  const scheme = SCHEME.exec(specifier)?.[1];
  if (scheme === "workspace") return { kind: "invalid", problem: `a workspace URL begins with '${WORKSPACE_URL}'` };
  if (scheme !== undefined) return { kind: "scheme", scheme: scheme.toLowerCase() };
  if (RELATIVE.test(specifier)) return place(specifier, referrer.split("/").slice(0, -1), false);
  return place(specifier, [], true);
}

/** The paths that `specifier` may name, in the order of B1; empty where it names no place in the workspace. */
export function candidates(specifier: string, referrer: ModulePath): readonly ModulePath[] {
  const parsed = parseSpecifier(specifier, referrer);
  return parsed.kind === "place" ? candidatesOf(parsed) : [];
}

export function candidatesOf(target: { readonly path: string; readonly directory: boolean }): readonly ModulePath[] {
  const { path } = target;
  const indexes = EXTENSIONS.map((extension) => (path === "" ? `index${extension}` : `${path}/index${extension}`));
  if (target.directory) return storable(indexes);
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  const extension = dot < 0 ? "" : name.slice(dot + 1);
  if (ITSELF.has(extension)) return storable([path]);
  const twins = Object.hasOwn(TWINS, extension) ? TWINS[extension] : undefined;
  if (twins !== undefined) {
    const stem = path.slice(0, path.length - extension.length - 1);
    return storable([...twins.map((twin) => stem + twin), path]);
  }
  return storable([...EXTENSIONS.map((each) => path + each), ...indexes]);
}

function textProblem(specifier: string): string | undefined {
  if (specifier === "") return "it is empty";
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f]/.test(specifier)) return "it has a control character";
  if (specifier.includes("\\")) return "it has a backslash; use '/'";
  if (!specifier.isWellFormed()) return "it has half of a surrogate pair";
  if (specifier.startsWith("/")) return "it is absolute; write it relative to the importing file, or from the workspace root without a leading '/'";
  return undefined;
}

function place(text: string, from: readonly string[], bare: boolean): ParsedSpecifier {
  if (text.startsWith("/")) return { kind: "invalid", problem: "it has an empty first segment" };
  const path = [...from];
  const segments = text.split("/");
  for (const segment of segments) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") path.push(segment);
    else if (path.pop() === undefined) return { kind: "invalid", problem: "it climbs above the workspace root" };
  }
  const joined = path.join("/");
  if (Buffer.byteLength(joined) > MAX_BYTES) return { kind: "invalid", problem: `it names a path longer than ${MAX_BYTES} bytes` };
  const last = segments.at(-1);
  return { kind: "place", path: joined, directory: last === "" || last === "." || last === "..", bare };
}

// A candidate longer than a path may be cannot be in any snapshot.
function storable(paths: readonly string[]): readonly ModulePath[] {
  return paths.filter((path) => path.length * 3 <= MAX_BYTES || Buffer.byteLength(path) <= MAX_BYTES) as ModulePath[];
}
