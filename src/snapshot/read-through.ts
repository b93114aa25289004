// Immutable values through the cache: from the store when they verify there, else from the origin, which heals the
// store. An outage of the store is no absence: the origin answers then too (B28). Judges nothing that is absent in both.
import { Fault } from "../errors.ts";
import type { Note } from "./note.ts";
import { noNote } from "./note.ts";
import type { WorkspaceId } from "./snapshot-record.ts";
import type { BlobKind, SnapshotStore } from "./store.ts";

export interface ReadThrough<Id extends string, Value> {
  readonly workspace: WorkspaceId;
  readonly store: SnapshotStore;
  readonly kind: BlobKind;
  /** Undefined when the bytes are not what `id` names. */
  decode(bytes: Uint8Array, id: Id): Value | undefined;
  encode(value: Value): Uint8Array;
  fromOrigin(ids: readonly Id[]): Promise<ReadonlyMap<Id, Value>>;
  readonly note?: Note | undefined;
}

/** `corrupt`: ids whose bytes in the store did not verify; they have been evicted, or replaced. */
export async function readThrough<Id extends string, Value>(
  ids: readonly Id[],
  source: ReadThrough<Id, Value>,
): Promise<{ readonly found: ReadonlyMap<Id, Value>; readonly corrupt: ReadonlySet<Id> }> {
  const found = new Map<Id, Value>();
  const corrupt = new Set<Id>();
  if (ids.length === 0) return { found, corrupt };
  const stored = await blobsOrNothing(source.store, { workspace: source.workspace, wanted: ids.map((id) => ({ kind: source.kind, id })), note: source.note });
  for (const [at, id] of ids.entries()) {
    const bytes = stored[at];
    if (bytes === undefined) continue;
    const value = source.decode(bytes, id);
    if (value === undefined) corrupt.add(id);
    else found.set(id, value);
  }
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length === 0) return { found, corrupt };
  const restored = await source.fromOrigin(missing);
  for (const [id, value] of restored) found.set(id, value);
  const { workspace, store, kind, note = noNote } = source;
  await healing(note, async () => {
    await store.putBlobs(
      workspace,
      [...restored].map(([id, value]) => ({ kind, id, bytes: source.encode(value) })),
    );
    for (const id of corrupt) if (!restored.has(id)) await store.evictBlob(workspace, kind, id);
  });
  return { found, corrupt };
}

/** What the store has; nothing at all when it does not answer. */
export async function blobsOrNothing(
  store: SnapshotStore,
  {
    workspace,
    wanted,
    note = noNote,
  }: { readonly workspace: WorkspaceId; readonly wanted: readonly { readonly kind: BlobKind; readonly id: string }[]; readonly note?: Note | undefined },
): Promise<readonly (Uint8Array | undefined)[]> {
  try {
    return await store.getBlobs(workspace, wanted);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "ERR_REDIS_UNAVAILABLE") throw error;
    note(`The cache cannot be read, the database is read instead. ${error.message}`);
    return [];
  }
}

/** Putting back what was lost is for the next reader's sake: that it fails must not fail this one. */
export async function healing(note: Note, put: () => Promise<void>): Promise<void> {
  try {
    await put();
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "ERR_REDIS_UNAVAILABLE") throw error;
    note(`The cache could not be healed. ${error.message}`);
  }
}
