// The files of a directory on this machine's disk that make a workspace (B59a). Knows the rules of what belongs to it;
// stores nothing. It reads synchronously: that is several times faster for the few small files of a workspace, and the
// command line waits for it before every run.
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import type { Dirent } from "node:fs";
import { join } from "node:path";
import { Fault } from "../errors.ts";
import { MB } from "../limits.ts";
import { pathProblem, scriptKindOf } from "../modules/module-path.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { IgnoreRules } from "./ignore-rules.ts";

/** Of one document in a directory that is read as a workspace; of a module, what its workspace allows. */
export const MAX_FILE_BYTES = MB;

const IGNORE_FILE = ".gitignore";

export interface DirectoryReading {
  /** The workspace's limit of a module's source: 1 MB where absent. */
  readonly maxSourceBytes?: number | undefined;
}

interface Reading {
  readonly root: string;
  readonly maxSourceBytes: number;
  readonly files: Map<ModulePath, Uint8Array>;
  readonly refused: Refusal[];
}

interface Refusal {
  readonly path: string;
  readonly reason: string;
  /** In bytes, of a module that is too large. */
  readonly limit?: number;
  readonly amount?: number;
}

/**
 * Path → bytes of every file below `root`, but for dot files, `node_modules`, and what the .gitignore files in it name
 * (those above `root` do not count). Rejects with ERR_INPUT_INVALID, or with
 * ERR_SOURCE_TOO_LARGE where modules are too large and nothing else is wrong, listing every file that cannot be taken: symbolic
 * links, files over 1 MB (modules: over `maxSourceBytes`), files that are no files, names that are no workspace paths.
 */
export async function readDirectory(root: string, { maxSourceBytes = MAX_FILE_BYTES }: DirectoryReading = {}): Promise<Map<ModulePath, Uint8Array>> {
  const reading: Reading = { root, maxSourceBytes, files: new Map(), refused: [] };
  await readInto(reading, { at: "", rules: undefined });
  if (reading.refused.length === 0) return reading.files;
  throw refusal(root, reading.refused);
}

async function readInto(reading: Reading, { at, rules: outer }: { readonly at: string; readonly rules: IgnoreRules | undefined }): Promise<void> {
  const entries = entriesOf(reading.root, at);
  const rules = entries.some((entry) => entry.name === IGNORE_FILE && entry.isFile()) ? await rulesBelow(reading.root, { at, outer }) : outer;
  for (const entry of entries) {
    const path = at + entry.name;
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    if (rules?.ignores(path, { isDirectory: entry.isDirectory() })) continue;
    if (entry.isDirectory()) await readInto(reading, { at: `${path}/`, rules });
    else readOne(reading, { path, entry });
  }
}

function readOne({ root, maxSourceBytes, files, refused }: Reading, { path, entry }: { readonly path: string; readonly entry: Dirent }): void {
  const reason = entry.isSymbolicLink() ? "is a symbolic link" : entry.isFile() ? pathReason(path) : "is no regular file";
  if (reason !== undefined) return void refused.push({ path, reason });
  const place = join(root, path);
  const stat = lstatSync(place, { throwIfNoEntry: false });
  // Deleted since the directory was listed, or a name that is not UTF-8 and so cannot be asked for.
  if (stat === undefined) return path.includes("\ufffd") ? void refused.push({ path, reason: "has a name that is not UTF-8" }) : undefined;
  const isModule = scriptKindOf(path) !== undefined;
  const limit = isModule ? maxSourceBytes : Math.max(MAX_FILE_BYTES, maxSourceBytes);
  if (stat.size > limit) {
    const reason = `has ${stat.size} bytes; at most ${limit}${limit === MB ? " (1 MB)" : ""} are taken`;
    return void refused.push({ path, reason, ...(isModule && { limit, amount: stat.size }) });
  }
  files.set(path as ModulePath, readFileSync(place));
}

function pathReason(path: string): string | undefined {
  const problem = pathProblem(path);
  return problem === undefined ? undefined : `cannot be a workspace path: ${problem}`;
}

function entriesOf(root: string, at: string): Dirent[] {
  try {
    return readdirSync(join(root, at), { withFileTypes: true }).toSorted((one, other) => (one.name < other.name ? -1 : 1));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const what = { ENOENT: "does not exist", ENOTDIR: "is no directory", EACCES: "may not be read" }[code ?? ""] ?? `cannot be read (${code ?? String(error)})`;
    throw new Fault("ERR_INPUT_INVALID", `The directory ${JSON.stringify(join(root, at))} ${what}.`, {
      details: { path: at, reason: code ?? "unknown" },
      cause: error,
    });
  }
}

/** The package that reads ignore rules is loaded only where there are some. */
async function rulesBelow(root: string, { at, outer }: { readonly at: string; readonly outer: IgnoreRules | undefined }): Promise<IgnoreRules> {
  const { createIgnoreRules } = await import("./ignore-rules.ts");
  return createIgnoreRules(readFileSync(join(root, at, IGNORE_FILE), "utf8"), { at, outer });
}

function refusal(root: string, refused: readonly Refusal[]): Fault {
  const lines = refused.map(({ path, reason }) => `  ${JSON.stringify(path)} ${reason}`);
  const count = refused.length === 1 ? "one file" : `${refused.length} files`;
  const advice = "Replace symbolic links by the files themselves, keep large data elsewhere, or name them in .gitignore.";
  const message = `${count} in ${JSON.stringify(root)} cannot be taken into a workspace; nothing was read:\n${lines.join("\n")}\n${advice}`;
  const [first] = refused;
  if (first?.limit === undefined || refused.some((each) => each.limit === undefined)) return new Fault("ERR_INPUT_INVALID", message, { details: { refused } });
  const { path, limit, amount } = first;
  return new Fault("ERR_SOURCE_TOO_LARGE", message, { details: { path, limit, amount, refused } });
}
