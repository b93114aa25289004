// Port: the truth behind the cache. PostgreSQL or PGlite (workspace/database-origin.ts), or plain memory for the
// harness and `--directory` (workspace/memory-origin.ts); one contract suite holds all.
import type { CompiledKey, ContentHash } from "../modules/content-hash.ts";
import type { CompiledModule } from "../modules/module-record.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { OwnSettings, SettingsChange, WorkspaceSettings } from "../settings.ts";
import type { Head, SnapshotId, SnapshotRecord, TreeEntries, TreeHash, WorkspaceId } from "./snapshot-record.ts";

export interface Workspace extends WorkspaceSettings {
  readonly id: WorkspaceId;
  readonly name: string;
}

export type EntityType = "workflow" | "tool" | "data_provider" | "module" | "requirements" | "text";

/** How often, and after what, an execution that failed is tried again. */
export interface RetryPolicy {
  /** With the first; 1 to 20. */
  readonly attempts: number;
  /** Before the second attempt; doubles for each that follows, up to an hour. */
  readonly backoffMs: number;
  /** Whether author code may be run twice: then every failure is tried again, else only a retryable fault that came before author code began. */
  readonly idempotent: boolean;
}

/** A runnable export as the database registers it. Its id survives edits, moves, delete and re-creation (B51). */
export interface Executable {
  readonly id: string;
  readonly path: ModulePath;
  readonly exportName: string;
  /** `workflow({ name })` when literal, else the export's name (the file's base name for a default export). */
  readonly name: string;
  readonly kind: "workflow" | "tool" | "data_provider";
  /** JSON Schema from the describe run; null until then or when it failed (then `parametersReason` says why). */
  readonly parameters: unknown;
  readonly parametersReason: string | null;
  /** What the describe run linked, by hash; null until then. Absent where no describe runs are made. */
  readonly closureHash?: string | null;
  readonly timeoutMs: number | null;
  /** What its author says of trying it again; null until the describe run has looked, and where nothing is said. */
  readonly retry: RetryPolicy | null;
  /** Of a data provider: for how long what it returned may be given again; null where its author says nothing. */
  readonly cacheMs: number | null;
  readonly active: boolean;
}

export interface LiveFile {
  readonly path: ModulePath;
  readonly entityType: EntityType;
  readonly hash: ContentHash;
  readonly sizeBytes: number;
  readonly contentType: string;
  readonly updatedAt: string;
}

/** What one write brings, prepared before its transaction: hashed, parsed, transpiled. */
export interface PreparedFile {
  readonly path: ModulePath;
  readonly bytes: Uint8Array;
  readonly hash: ContentHash;
  readonly entityType: EntityType;
  readonly contentType: string;
  /** Absent where the file is not importable code, or where compiling it was not possible (that is found again at run time). */
  readonly compiled?: CompiledModule;
}

export interface PreparedMove {
  readonly from: ModulePath;
  readonly to: ModulePath;
  /** The file as it is at its new path (entity type may change with the extension). */
  readonly entityType: EntityType;
  readonly contentType: string;
  readonly compiled?: CompiledModule;
}

export interface Change {
  readonly put: readonly PreparedFile[];
  readonly remove: readonly ModulePath[];
  readonly move: readonly PreparedMove[];
  /** path → hash the caller saw, or null for "there was none"; a mismatch writes nothing (B56). */
  readonly expected?: ReadonlyMap<ModulePath, ContentHash | null>;
}

/** Called inside the transaction once the next version is known and before commit; if it rejects, nothing is written. */
export type BeforeCommit = (nextVersion: number) => Promise<void>;

export interface Commit {
  readonly head: Head;
  readonly previous: Head;
  /** False when the write changed nothing: then head equals previous. */
  readonly changed: boolean;
  readonly set: ReadonlyMap<ModulePath, ContentHash>;
  readonly removed: ReadonlySet<ModulePath>;
  /** New tree rows, for the cache to be warmed with. */
  readonly trees: ReadonlyMap<TreeHash, TreeEntries>;
  readonly snapshot: SnapshotRecord;
}

/**
 * Every method rejects with Fault ERR_DATABASE_UNAVAILABLE (retryable) when the database does not answer.
 * Reads of immutable rows give only what is there: absence is for the caller to judge.
 */
export interface Origin {
  /** By name; creates it (empty, version 0) when `create` is set, else undefined when there is none. */
  workspace(name: string, options?: { readonly create?: boolean }): Promise<Workspace | undefined>;

  /** What has been set for the workspace; undefined where there is none of this name. */
  ownSettings(name: string): Promise<OwnSettings | undefined>;
  /**
   * Changes what is set for the workspace, all of it or nothing, and gives the workspace as it is then; undefined where there is
   * none of this name. Executors that are open keep the settings they were opened with. Rejects with ERR_INPUT_INVALID for
   * a value that the setting cannot have, and for values that exclude each other. This and every other reading of settings
   * rejects with ERR_CONFIG_INVALID, naming workspace, setting and value, where a stored value is none that the setting can
   * have: until that one is changed here.
   */
  updateSettings(name: string, change: SettingsChange): Promise<Workspace | undefined>;

  /** `writerInFlight` is false only when the writers' lock could be taken while reading. With `underLock`, that
   *  callback runs while the lock is held (and only then): to clear a stale mark safely. */
  head(
    workspace: WorkspaceId,
    options?: { readonly underLock?: (head: Head) => Promise<void> },
  ): Promise<{ readonly head: Head; readonly writerInFlight: boolean }>;
  snapshots(workspace: WorkspaceId, ids: readonly SnapshotId[]): Promise<ReadonlyMap<SnapshotId, SnapshotRecord>>;
  /**
   * For who is about to run on a snapshot that he names: it stays for a day from now on, and from then on as long as an execution
   * is kept that ran on it. False where it is not there, or no longer.
   */
  keepSnapshot(workspace: WorkspaceId, id: SnapshotId): Promise<boolean>;
  trees(workspace: WorkspaceId, hashes: readonly TreeHash[]): Promise<ReadonlyMap<TreeHash, TreeEntries>>;
  contents(workspace: WorkspaceId, hashes: readonly ContentHash[]): Promise<ReadonlyMap<ContentHash, Uint8Array>>;
  /** Compiled code is shared by all workspaces: equal source, equal code. Rows whose own hash does not match are left out. */
  compiled(keys: readonly CompiledKey[]): Promise<ReadonlyMap<CompiledKey, CompiledModule>>;
  saveCompiled(modules: readonly CompiledModule[]): Promise<void>;

  /** One transaction: contents, rows, entities, trees, snapshot, HEAD; all or nothing (B23, B29a). */
  commit(workspace: WorkspaceId, change: Change, beforeCommit: BeforeCommit): Promise<Commit>;

  files(workspace: WorkspaceId, options?: { readonly under?: string }): Promise<readonly LiveFile[]>;
  file(workspace: WorkspaceId, path: ModulePath): Promise<(LiveFile & { readonly bytes: Uint8Array }) | undefined>;

  /** Registered executables of live files. */
  executables(workspace: WorkspaceId, filter?: { readonly path?: ModulePath; readonly name?: string; readonly id?: string }): Promise<readonly Executable[]>;
  /** Stores what a describe run found, keyed by path, export and closure hash. */
  saveParameters(
    workspace: WorkspaceId,
    found: {
      readonly path: ModulePath;
      readonly exportName: string;
      readonly closureHash: string;
      readonly parameters: unknown;
      readonly reason: string | null;
      /** The executable's own timeout. */
      readonly timeoutMs: number | null;
      readonly retry: RetryPolicy | null;
      readonly cacheMs: number | null;
    },
  ): Promise<void>;

  close(): Promise<void>;
}
