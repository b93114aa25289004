// Shapes of a workspace held still. Hashing and walking them: tree.ts, snapshot.ts.
import type { ContentHash } from "../modules/content-hash.ts";
import type { CompilerOptionsSubset } from "../modules/module-record.ts";

declare const treeHashBrand: unique symbol;
declare const snapshotIdBrand: unique symbol;

/** sha256 hex of a directory's canonical JSON. */
export type TreeHash = string & { readonly [treeHashBrand]: true };

/** `s1-` + sha256 hex of the canonical JSON of the record without its id. */
export type SnapshotId = string & { readonly [snapshotIdBrand]: true };

/** One directory: name → file content or subdirectory, names sorted by UTF-8 bytes. Its JSON text is what is hashed. */
export interface TreeEntries {
  readonly [name: string]: { readonly file: ContentHash } | { readonly tree: TreeHash };
}

export interface SnapshotRecord {
  readonly id: SnapshotId;
  readonly format: 1;
  /** Root directory; an empty workspace has the hash of `{}`. */
  readonly tree: TreeHash;
  /** Hash of the package lock; null until packages exist (a later issue). */
  readonly packageLock: string | null;
  readonly compilerOptions: CompilerOptionsSubset;
}

/** Where a workspace stands. The only pointer that moves; `version` counts up by one with every write that changes something. */
export interface Head {
  readonly version: number;
  readonly snapshotId: SnapshotId;
}

/** UUID of a tenant's workspace. The one named "default" has the nil-like id DEFAULT_WORKSPACE_ID. */
export type WorkspaceId = string;
export const DEFAULT_WORKSPACE_ID: WorkspaceId = "00000000-0000-7000-8000-000000000000";
