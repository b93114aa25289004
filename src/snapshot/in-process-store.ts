// The store in memory: for the embedded default, `--directory` and the harness. A change is atomic because nothing
// awaits inside it. Blobs are bounded by bytes; what falls out comes back from the origin.
import { LRUCache } from "lru-cache";
import type { ContentHash } from "../modules/content-hash.ts";
import type { ModulePath } from "../modules/module-path.ts";
import { decodeHead, encodeHead } from "./head-text.ts";
import type { Head, WorkspaceId } from "./snapshot-record.ts";
import type { Blob, BlobKind, IndexChange, Lease, PinReading, SnapshotStore } from "./store.ts";

export interface InProcessStoreOptions {
  /** Bytes of blobs kept over all workspaces; 128 MiB when absent. */
  readonly maxBytes?: number;
  /** False when other processes write to the same database: HEAD is then never trusted and every pin asks there. True when absent. */
  readonly soleWriter?: boolean;
}

interface Place {
  head: string | undefined;
  pending: number;
  index: Map<ModulePath, ContentHash> | undefined;
  readonly leases: Set<string>;
}

export function createInProcessStore({ maxBytes = 128 * 1024 * 1024, soleWriter = true }: InProcessStoreOptions = {}): SnapshotStore {
  return new InProcessStore(maxBytes, soleWriter);
}

class InProcessStore implements SnapshotStore {
  readonly roundTrips = 0;
  readonly #soleWriter: boolean;
  readonly #places = new Map<WorkspaceId, Place>();
  readonly #blobs: LRUCache<string, Uint8Array>;
  #epoch = 1;

  constructor(maxBytes: number, soleWriter: boolean) {
    this.#soleWriter = soleWriter;
    this.#blobs = new LRUCache({ maxSize: maxBytes, sizeCalculation: (bytes) => bytes.byteLength + 200 });
  }

  get connectionEpoch(): number {
    return this.#soleWriter ? this.#epoch : (this.#epoch += 1);
  }

  async pin(workspace: WorkspaceId, lease?: Lease): Promise<PinReading> {
    const place = this.#place(workspace);
    if (lease !== undefined) place.leases.add(lease.executionId);
    return { head: place.head, pending: place.pending };
  }

  async markPending(workspace: WorkspaceId, version: number): Promise<void> {
    const place = this.#place(workspace);
    place.pending = Math.max(place.pending, version);
  }

  async publish(workspace: WorkspaceId, head: Head, change: IndexChange): Promise<boolean> {
    const place = this.#place(workspace);
    const stored = decodeHead(place.head);
    const full =
      stored === undefined || (stored.version < head.version && (stored.version !== change.baseVersion || place.index === undefined))
        ? await change.full()
        : undefined;
    return full === undefined ? this.#publishDelta(place, { head, change }) : this.#publishFull(place, { head, full });
  }

  async clearPending(workspace: WorkspaceId, seen: number): Promise<void> {
    const place = this.#place(workspace);
    if (place.pending === seen) place.pending = 0;
  }

  async dropHead(workspace: WorkspaceId, seen: string): Promise<void> {
    const place = this.#place(workspace);
    if (place.head === seen) place.head = undefined;
  }

  async readIndex(workspace: WorkspaceId): Promise<ReadonlyMap<string, string> | undefined> {
    const { index } = this.#place(workspace);
    return index === undefined ? undefined : new Map(index);
  }

  async getBlobs(workspace: WorkspaceId, wanted: readonly { readonly kind: BlobKind; readonly id: string }[]): Promise<(Uint8Array | undefined)[]> {
    return wanted.map(({ kind, id }) => this.#blobs.get(blobName(workspace, { kind, id })));
  }

  async putBlobs(workspace: WorkspaceId, blobs: readonly Blob[]): Promise<void> {
    for (const blob of blobs) this.#blobs.set(blobName(workspace, blob), blob.bytes);
  }

  async evictBlob(workspace: WorkspaceId, kind: BlobKind, id: string): Promise<void> {
    this.#blobs.delete(blobName(workspace, { kind, id }));
  }

  async renewLease(workspace: WorkspaceId, { executionId }: Lease): Promise<void> {
    this.#place(workspace).leases.add(executionId);
  }

  async releaseLease(workspace: WorkspaceId, executionId: string): Promise<void> {
    this.#place(workspace).leases.delete(executionId);
  }

  async clear(workspace: WorkspaceId): Promise<number> {
    const place = this.#place(workspace);
    const count = place.index?.size ?? 0;
    place.head = undefined;
    place.pending = 0;
    place.index = undefined;
    for (const name of this.#blobs.keys()) if (name.startsWith(`${workspace}/`)) this.#blobs.delete(name);
    return count;
  }

  async close(): Promise<void> {
    this.#places.clear();
    this.#blobs.clear();
  }

  #place(workspace: WorkspaceId): Place {
    let place = this.#places.get(workspace);
    if (place === undefined) this.#places.set(workspace, (place = { head: undefined, pending: 0, index: undefined, leases: new Set() }));
    return place;
  }

  #publishDelta(place: Place, { head, change }: { readonly head: Head; readonly change: IndexChange }): boolean {
    if (!this.#mayPublish(place, head)) return false;
    for (const [path, hash] of change.set) place.index?.set(path, hash);
    for (const path of change.removed) place.index?.delete(path);
    return this.#moveHead(place, head);
  }

  #publishFull(place: Place, { head, full }: { readonly head: Head; readonly full: ReadonlyMap<ModulePath, ContentHash> }): boolean {
    if (!this.#mayPublish(place, head)) return false;
    place.index = new Map(full);
    return this.#moveHead(place, head);
  }

  /** Upwards only; a head that stands already still clears its mark. */
  #mayPublish(place: Place, head: Head): boolean {
    const stored = decodeHead(place.head)?.version ?? -1;
    if (stored === head.version) clearMark(place, head);
    return stored < head.version;
  }

  #moveHead(place: Place, head: Head): boolean {
    place.head = encodeHead(head);
    clearMark(place, head);
    return true;
  }
}

function clearMark(place: Place, head: Head): void {
  if (place.pending <= head.version) place.pending = 0;
}

function blobName(workspace: WorkspaceId, { kind, id }: { readonly kind: BlobKind; readonly id: string }): string {
  return `${workspace}/${kind}/${id}`;
}
