// Port: the cache in front of the database. Redis in production (redis-store.ts), memory in the embedded default
// (in-process-store.ts); one contract suite holds both. It keeps bytes and moves HEAD atomically; it verifies
// nothing and heals nothing: that is done by its callers (snapshots.ts).
import type { ContentHash } from "../modules/content-hash.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { Head, WorkspaceId } from "./snapshot-record.ts";

/** Immutable values, each under the hash or key of all it depends on. */
export type BlobKind = "content" | "compiled" | "tree" | "snapshot";

export interface Blob {
  readonly kind: BlobKind;
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** What a pin reads, in one round trip. `head` is the raw text: its shape is checked by the reader (B26). */
export interface PinReading {
  readonly head: string | undefined;
  /** Highest version that a writer has announced; 0 when none stands. HEAD is trusted only where it is not below. */
  readonly pending: number;
}

/** What a publish does to the live index `path → content hash`, the projection of HEAD. */
export interface IndexChange {
  /** Version this change applies to; when the stored head is another, `full` is used instead. */
  readonly baseVersion: number;
  readonly set: ReadonlyMap<ModulePath, ContentHash>;
  readonly removed: ReadonlySet<ModulePath>;
  /** The whole index at the published version, asked for only where it is needed. */
  full(): Promise<ReadonlyMap<ModulePath, ContentHash>>;
}

export interface Lease {
  readonly executionId: string;
  readonly ttlMs: number;
}

/**
 * Every method rejects with Fault ERR_REDIS_UNAVAILABLE (retryable) when the server does not answer in time;
 * an outage never reads as absence. Every change is one atomic step (B41).
 */
export interface SnapshotStore {
  /** One round trip: HEAD, the pending mark and, when given, taking the execution's lease on the workspace. */
  pin(workspace: WorkspaceId, lease?: Lease): Promise<PinReading>;
  /** Raises the pending mark to `version`; never lowers it. Called inside the write's transaction, under its row lock. */
  markPending(workspace: WorkspaceId, version: number): Promise<void>;
  /**
   * Moves HEAD up to `head` with its index projection, and clears a pending mark that is not above it.
   * Returns false and changes nothing where the stored version is already the same or higher
   * (an equal version still clears the mark). A stored HEAD that does not parse counts as absent.
   */
  publish(workspace: WorkspaceId, head: Head, change: IndexChange): Promise<boolean>;
  /** Clears the pending mark if it is still `seen`: for a reader that holds the writers' lock and so knows that none is in flight. */
  clearPending(workspace: WorkspaceId, seen: number): Promise<void>;

  /** Removes HEAD if it is still the text `seen`: for a reader that found it to contradict the database. A pin that finds no HEAD asks there. */
  dropHead(workspace: WorkspaceId, seen: string): Promise<void>;

  /** The live index as it stands; undefined when there is none. */
  readIndex(workspace: WorkspaceId): Promise<ReadonlyMap<string, string> | undefined>;

  /** In the order asked, one round trip, undefined where absent; a hit renews the TTL. Bytes as they are, unverified. */
  getBlobs(workspace: WorkspaceId, wanted: readonly { readonly kind: BlobKind; readonly id: string }[]): Promise<(Uint8Array | undefined)[]>;
  putBlobs(workspace: WorkspaceId, blobs: readonly Blob[]): Promise<void>;
  evictBlob(workspace: WorkspaceId, kind: BlobKind, id: string): Promise<void>;

  /** Renews or releases what `pin` took for an execution. Renewing a lease that is gone takes it again. */
  renewLease(workspace: WorkspaceId, lease: Lease): Promise<void>;
  releaseLease(workspace: WorkspaceId, executionId: string): Promise<void>;

  /** Removes HEAD, mark, index and every blob of the workspace; returns how many paths the index had. */
  clear(workspace: WorkspaceId): Promise<number>;

  /** Increases whenever what was read before may be out of date: a (re)connection to a server that may have restarted. */
  readonly connectionEpoch: number;
  /** How many requests have been sent to a server; 0 for ever where there is none. For tests and metrics. */
  readonly roundTrips: number;
  close(): Promise<void>;
}
