// A workspace held still, in memory: directories linked once and shared between snapshots, so that the next version
// costs the directories that changed. Paths are looked up by walking; there is no flat index to build.
import type { ContentHash } from "../modules/content-hash.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { SnapshotId, SnapshotRecord, TreeEntries, TreeHash } from "./snapshot-record.ts";
import { sortNames } from "./tree.ts";
import type { TreeEntry } from "./tree.ts";

/** One directory with everything below it. Immutable; equal directories of all snapshots are one node. */
export interface DirectoryNode {
  readonly hash: TreeHash;
  readonly files: ReadonlyMap<string, ContentHash>;
  readonly directories: ReadonlyMap<string, DirectoryNode>;
}

export class Snapshot {
  readonly id: SnapshotId;
  readonly record: SnapshotRecord;
  readonly root: DirectoryNode;

  constructor(record: SnapshotRecord, root: DirectoryNode) {
    this.id = record.id;
    this.record = record;
    this.root = root;
  }

  /** Hash of the file at `path`, byte for byte; undefined when there is none (a directory is no file). */
  hashOf(path: string): ContentHash | undefined {
    let directory = this.root;
    let from = 0;
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", from)) {
      const next = directory.directories.get(path.slice(from, slash));
      if (next === undefined) return undefined;
      directory = next;
      from = slash + 1;
    }
    return directory.files.get(path.slice(from));
  }

  has(path: string): boolean {
    return this.hashOf(path) !== undefined;
  }

  /** Every file with its hash; within each directory by name, files and directories together, in the order of their UTF-8 bytes. */
  files(): Generator<readonly [ModulePath, ContentHash]> {
    return filesBelow(this.root, "");
  }

  *paths(): Generator<ModulePath> {
    for (const [path] of this.files()) yield path;
  }

  /** Every directory once. */
  *trees(): Generator<DirectoryNode> {
    const seen = new Set<DirectoryNode>([this.root]);
    for (const directory of seen) {
      yield directory;
      for (const below of directory.directories.values()) seen.add(below);
    }
  }
}

function* filesBelow(directory: DirectoryNode, at: string): Generator<readonly [ModulePath, ContentHash]> {
  for (const name of sortNames([...directory.files.keys(), ...directory.directories.keys()])) {
    const hash = directory.files.get(name);
    if (hash !== undefined) yield [`${at}${name}` as ModulePath, hash];
    const below = directory.directories.get(name);
    if (below !== undefined) yield* filesBelow(below, `${at}${name}/`);
  }
}

/** The directory as it is stored. */
export function entriesOf(directory: DirectoryNode): TreeEntries {
  const entries = Object.create(null) as Record<string, TreeEntry>;
  for (const [name, file] of directory.files) entries[name] = { file };
  for (const [name, below] of directory.directories) entries[name] = { tree: below.hash };
  return entries;
}
