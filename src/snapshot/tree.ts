// One directory as an immutable value: its text, its hash, and what a change of files makes of it. Knows nothing of
// where trees are kept; `load` brings them.
import { Fault } from "../errors.ts";
import { hashContent, isContentHash } from "../modules/content-hash.ts";
import type { ContentHash } from "../modules/content-hash.ts";
import type { ModulePath } from "../modules/module-path.ts";
import { isJsonObject, parseJson } from "./json-text.ts";
import type { TreeEntries, TreeHash } from "./snapshot-record.ts";

export type TreeEntry = TreeEntries[string];

/** Brings directories by hash, many at once; what it does not have it leaves out. */
export type LoadTrees = (hashes: readonly TreeHash[]) => Promise<ReadonlyMap<TreeHash, TreeEntries>>;

export const EMPTY_TREE_HASH: TreeHash = treeHashOf("{}");

/** Canonical JSON: names sorted by their UTF-8 bytes, no white space. Written by hand because objects put names such as "1" first. */
export function encodeTree(entries: TreeEntries): string {
  const parts: string[] = [];
  for (const name of sortNames(Object.keys(entries))) {
    const entry = entries[name] as TreeEntry;
    parts.push(`${JSON.stringify(name)}:${"file" in entry ? `{"file":"${entry.file}"}` : `{"tree":"${entry.tree}"}`}`);
  }
  return `{${parts.join(",")}}`;
}

/** Entries as a null-prototype object, so that a file may be called `__proto__`; undefined when `text` is no directory. */
export function decodeTree(text: string | Uint8Array): TreeEntries | undefined {
  const value = parseJson(text);
  if (!isJsonObject(value)) return undefined;
  const entries = emptyEntries();
  for (const name of Object.keys(value)) {
    const entry = decodeEntry(value[name]);
    if (entry === undefined || !isName(name)) return undefined;
    entries[name] = entry;
  }
  return entries;
}

export function hashTree(entries: TreeEntries): TreeHash {
  return treeHashOf(encodeTree(entries));
}

/** The hash that a directory with this text has. */
export function treeHashOf(text: string | Uint8Array): TreeHash {
  return hashContent(text) as string as TreeHash;
}

export function isTreeHash(value: unknown): value is TreeHash {
  return isContentHash(value);
}

/**
 * The directory `root` with `changes` made (null removes; removing what is not there changes nothing). Loads only the
 * directories on changed paths, one `load` a level. `trees` holds the directories that are new, `root` among them
 * unless it is unchanged or empty. Throws ERR_PATH_EXISTS when a path would be a file and a directory at once, and
 * ERR_CACHE_INCONSISTENT when `load` does not have a directory.
 */
export async function applyToTree(
  root: TreeHash,
  changes: ReadonlyMap<ModulePath, ContentHash | null>,
  load: LoadTrees,
): Promise<{ readonly root: TreeHash; readonly trees: ReadonlyMap<TreeHash, TreeEntries> }> {
  if (changes.size === 0) return { root, trees: new Map() };
  const plan = planOf(changes);
  await loadPlan(plan, { root, load });
  const trees = new Map<TreeHash, TreeEntries>();
  return { root: rebuild(plan, { at: "", trees }) ?? EMPTY_TREE_HASH, trees };
}

/** What a change does below one directory. */
interface Plan {
  /** The change to the file of this name; undefined when only what is below it changes. */
  file: ContentHash | null | undefined;
  readonly below: Map<string, Plan>;
  /** The directory as it was, and its hash; undefined where there was none. */
  before: { readonly hash: TreeHash; readonly entries: TreeEntries } | undefined;
}

function planOf(changes: ReadonlyMap<ModulePath, ContentHash | null>): Plan {
  const root: Plan = { file: undefined, below: new Map(), before: undefined };
  for (const [path, hash] of changes) {
    let plan = root;
    for (const name of path.split("/")) {
      let next = plan.below.get(name);
      if (next === undefined) plan.below.set(name, (next = { file: undefined, below: new Map(), before: undefined }));
      plan = next;
    }
    plan.file = hash;
  }
  return root;
}

async function loadPlan(plan: Plan, options: { readonly root: TreeHash; readonly load: LoadTrees }): Promise<void> {
  let level: { readonly plan: Plan; readonly hash: TreeHash }[] = [{ plan, hash: options.root }];
  while (level.length > 0) {
    const wanted = new Set(level.map(({ hash }) => hash));
    wanted.delete(EMPTY_TREE_HASH);
    const loaded = wanted.size === 0 ? new Map<TreeHash, TreeEntries>() : await options.load([...wanted]);
    const next: typeof level = [];
    for (const { plan: directory, hash } of level) {
      const entries = hash === EMPTY_TREE_HASH ? emptyEntries() : loaded.get(hash);
      if (entries === undefined) throw missingTree(hash);
      directory.before = { hash, entries };
      for (const [name, below] of directory.below) {
        const entry = entryOf(entries, name);
        if (below.below.size > 0 && entry !== undefined && "tree" in entry) next.push({ plan: below, hash: entry.tree });
      }
    }
    level = next;
  }
}

/** Hash of the changed directory, undefined when nothing is left in it. */
function rebuild(plan: Plan, options: { readonly at: string; readonly trees: Map<TreeHash, TreeEntries> }): TreeHash | undefined {
  const entries = Object.assign(emptyEntries(), plan.before?.entries);
  for (const [name, below] of plan.below) {
    const path = options.at === "" ? name : `${options.at}/${name}`;
    const entry = entryOf(entries, name);
    const fileBefore = entry !== undefined && "file" in entry ? entry.file : undefined;
    const treeBefore = entry !== undefined && "tree" in entry ? entry.tree : undefined;
    const file = below.file === undefined ? fileBefore : (below.file ?? undefined);
    const tree = below.below.size === 0 ? treeBefore : rebuild(below, { at: path, trees: options.trees });
    if (file !== undefined && tree !== undefined) throw fileAndDirectory(path);
    if (file !== undefined) entries[name] = { file };
    else if (tree !== undefined) entries[name] = { tree };
    else delete entries[name];
  }
  if (isEmpty(entries)) return undefined;
  const hash = hashTree(entries);
  if (hash !== plan.before?.hash) options.trees.set(hash, entries);
  return hash;
}

/** Entry of that name. Entries made elsewhere may have a prototype: inherited names are no entries. */
export function entryOf(entries: TreeEntries, name: string): TreeEntry | undefined {
  return Object.hasOwn(entries, name) ? entries[name] : undefined;
}

function emptyEntries(): Record<string, TreeEntry> {
  return Object.create(null) as Record<string, TreeEntry>;
}

function isEmpty(entries: TreeEntries): boolean {
  for (const _name in entries) return false;
  return true;
}

function decodeEntry(value: unknown): TreeEntry | undefined {
  if (!isJsonObject(value) || Object.keys(value).length !== 1) return undefined;
  if (isContentHash(value["file"])) return { file: value["file"] };
  if (isTreeHash(value["tree"])) return { tree: value["tree"] };
  return undefined;
}

function isName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !name.includes("/");
}

/** Sorted by UTF-8 bytes. UTF-16 order is the same except where a surrogate pair meets U+E000 to U+FFFF. */
export function sortNames(names: readonly string[]): string[] {
  if (!names.some((name) => /[\ud800-\uffff]/.test(name))) return names.toSorted();
  return names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function fileAndDirectory(path: string): Fault {
  return new Fault(
    "ERR_PATH_EXISTS",
    `The path ${JSON.stringify(path)} would be a file and a directory at once. Remove or move the one in the same write, or choose another path.`,
    { details: { path } },
  );
}

function missingTree(hash: TreeHash): Fault {
  return new Fault("ERR_CACHE_INCONSISTENT", `The directory ${hash} is named by a snapshot and is stored nowhere. Restore the database from a backup.`, {
    details: { tree: hash },
  });
}
