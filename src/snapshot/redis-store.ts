// The store in Redis: shared by every executor of the operator. Each change is one script, each reading one request.
import type { Redis } from "ioredis";
import type { ContentHash } from "../modules/content-hash.ts";
import type { ModulePath } from "../modules/module-path.ts";
import { encodeHead } from "./head-text.ts";
import { RedisConnection } from "./redis-connection.ts";
import type { RedisConnectionOptions } from "./redis-connection.ts";
import { BLOB_KINDS, blobKey, blobPattern, headKey, indexKey, leaseKey, pendingKey } from "./redis-keys.ts";
import * as scripts from "./redis-scripts.ts";
import type { Head, WorkspaceId } from "./snapshot-record.ts";
import type { Blob, BlobKind, IndexChange, Lease, PinReading, SnapshotStore } from "./store.ts";

export interface RedisStoreOptions extends RedisConnectionOptions {
  /** How long a blob outlives its last use; 7 days when absent. Nothing correct depends on it (B30). */
  readonly blobTtlMs?: number;
}

type Argument = string | number | Buffer;

/** The scripts as the client has them once they are defined. */
interface Scripted {
  bifrostPin(keys: number, ...args: Argument[]): Promise<[string | null, string]>;
  bifrostMarkPending(...args: Argument[]): Promise<unknown>;
  bifrostClearPending(...args: Argument[]): Promise<unknown>;
  bifrostDropHead(...args: Argument[]): Promise<unknown>;
  bifrostPublish(...args: Argument[]): Promise<number>;
  bifrostReadIndex(...args: Argument[]): Promise<string[] | null>;
  bifrostReadBlobsBuffer(keys: number, ...args: Argument[]): Promise<(Buffer | null)[]>;
  bifrostClear(keys: number, ...args: Argument[]): Promise<number>;
}

const PUBLISHED = 1;
const NEEDS_FULL_INDEX = 2;

const SEVEN_DAYS_MS = 7 * 24 * 60 * 60 * 1000;
const BLOBS_A_REQUEST = 1000;
const BYTES_A_REQUEST = 8 * 1024 * 1024;

export function createRedisStore({ blobTtlMs = SEVEN_DAYS_MS, ...connection }: RedisStoreOptions): SnapshotStore {
  return new RedisStore(new RedisConnection(connection), blobTtlMs);
}

class RedisStore implements SnapshotStore {
  readonly #connection: RedisConnection;
  readonly #blobTtlMs: number;

  constructor(connection: RedisConnection, blobTtlMs: number) {
    this.#connection = connection;
    this.#blobTtlMs = blobTtlMs;
    connection.define("bifrostPin", { lua: scripts.PIN });
    connection.define("bifrostMarkPending", { lua: scripts.MARK_PENDING, numberOfKeys: 1 });
    connection.define("bifrostClearPending", { lua: scripts.CLEAR_PENDING, numberOfKeys: 1 });
    connection.define("bifrostDropHead", { lua: scripts.DROP_HEAD, numberOfKeys: 1 });
    connection.define("bifrostPublish", { lua: scripts.PUBLISH, numberOfKeys: 3 });
    connection.define("bifrostReadIndex", { lua: scripts.READ_INDEX, numberOfKeys: 2 });
    connection.define("bifrostReadBlobs", { lua: scripts.READ_BLOBS });
    connection.define("bifrostClear", { lua: scripts.CLEAR });
  }

  get connectionEpoch(): number {
    return this.#connection.epoch;
  }

  get roundTrips(): number {
    return this.#connection.roundTrips;
  }

  async pin(workspace: WorkspaceId, lease?: Lease): Promise<PinReading> {
    const keys = [headKey(workspace), pendingKey(workspace)];
    const args = lease === undefined ? [] : [lease.ttlMs, workspace];
    if (lease !== undefined) keys.push(leaseKey(workspace, lease.executionId));
    const [head, pending] = await this.#run((client) => client.bifrostPin(keys.length, ...keys, ...args));
    return { head: head ?? undefined, pending: Number(pending) };
  }

  async markPending(workspace: WorkspaceId, version: number): Promise<void> {
    await this.#run((client) => client.bifrostMarkPending(pendingKey(workspace), version));
  }

  async publish(workspace: WorkspaceId, head: Head, change: IndexChange): Promise<boolean> {
    const delta = [change.baseVersion, "delta", ...indexArguments(change.set), ...change.removed];
    const answer = await this.#publish(workspace, { head, args: delta });
    if (answer !== NEEDS_FULL_INDEX) return answer === PUBLISHED;
    const full = [change.baseVersion, "full", ...indexArguments(await change.full())];
    return (await this.#publish(workspace, { head, args: full })) === PUBLISHED;
  }

  async clearPending(workspace: WorkspaceId, seen: number): Promise<void> {
    if (seen > 0) await this.#run((client) => client.bifrostClearPending(pendingKey(workspace), seen));
  }

  async dropHead(workspace: WorkspaceId, seen: string): Promise<void> {
    await this.#run((client) => client.bifrostDropHead(headKey(workspace), seen));
  }

  async readIndex(workspace: WorkspaceId): Promise<ReadonlyMap<string, string> | undefined> {
    const flat = await this.#run((client) => client.bifrostReadIndex(headKey(workspace), indexKey(workspace)));
    if (flat === null) return undefined;
    const index = new Map<string, string>();
    for (let at = 0; at + 1 < flat.length; at += 2) index.set(String(flat[at]), String(flat[at + 1]));
    return index;
  }

  async getBlobs(workspace: WorkspaceId, wanted: readonly { readonly kind: BlobKind; readonly id: string }[]): Promise<(Uint8Array | undefined)[]> {
    const found: (Uint8Array | undefined)[] = [];
    for (let at = 0; at < wanted.length; at += BLOBS_A_REQUEST) {
      const keys = wanted.slice(at, at + BLOBS_A_REQUEST).map((blob) => blobKey(workspace, blob));
      const bytes = await this.#run((client) => client.bifrostReadBlobsBuffer(keys.length, ...keys, this.#blobTtlMs));
      for (const value of bytes) found.push(value ?? undefined);
    }
    return found;
  }

  async putBlobs(workspace: WorkspaceId, blobs: readonly Blob[]): Promise<void> {
    for (const group of groupsOf(blobs)) {
      await this.#connection.request((client) => {
        const pipeline = client.pipeline();
        for (const blob of group) pipeline.set(blobKey(workspace, blob), asBuffer(blob.bytes), "PX", this.#blobTtlMs);
        return firstErrorThrown(pipeline.exec());
      });
    }
  }

  async evictBlob(workspace: WorkspaceId, kind: BlobKind, id: string): Promise<void> {
    await this.#connection.request((client) => client.unlink(blobKey(workspace, { kind, id })));
  }

  async renewLease(workspace: WorkspaceId, { executionId, ttlMs }: Lease): Promise<void> {
    await this.#connection.request((client) => client.set(leaseKey(workspace, executionId), workspace, "PX", ttlMs));
  }

  async releaseLease(workspace: WorkspaceId, executionId: string): Promise<void> {
    await this.#connection.request((client) => client.unlink(leaseKey(workspace, executionId)));
  }

  /** The blobs are listed first and then go with HEAD in one step: nobody sees a HEAD or an index whose blobs this has taken away. */
  async clear(workspace: WorkspaceId): Promise<number> {
    const keys = [headKey(workspace), pendingKey(workspace), indexKey(workspace)];
    for (const kind of BLOB_KINDS) {
      for (const key of await this.#scan(blobPattern(workspace, kind))) keys.push(key);
    }
    return this.#run((client) => client.bifrostClear(keys.length, ...keys));
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #run<T>(send: (client: Scripted) => Promise<T>): Promise<T> {
    return this.#connection.request((client) => send(client as Redis & Scripted));
  }

  async #publish(workspace: WorkspaceId, { head, args }: { readonly head: Head; readonly args: readonly Argument[] }): Promise<number> {
    const keys = [headKey(workspace), pendingKey(workspace), indexKey(workspace)];
    return this.#run((client) => client.bifrostPublish(...keys, head.version, encodeHead(head), ...args));
  }

  async #scan(pattern: string): Promise<Set<string>> {
    const keys = new Set<string>();
    let cursor = "0";
    do {
      const [next, found] = await this.#connection.request((client) => client.scan(cursor, "MATCH", pattern, "COUNT", 2000));
      for (const key of found) keys.add(key);
      cursor = next;
    } while (cursor !== "0");
    return keys;
  }
}

/** How many, then path and hash of each. */
function indexArguments(index: ReadonlyMap<ModulePath, ContentHash>): Argument[] {
  const args: Argument[] = [index.size];
  for (const [path, hash] of index) args.push(path, hash);
  return args;
}

function* groupsOf(blobs: readonly Blob[]): Generator<readonly Blob[]> {
  let group: Blob[] = [];
  let bytes = 0;
  for (const blob of blobs) {
    if (group.length > 0 && (group.length === BLOBS_A_REQUEST || bytes + blob.bytes.length > BYTES_A_REQUEST)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(blob);
    bytes += blob.bytes.length;
  }
  if (group.length > 0) yield group;
}

async function firstErrorThrown(results: Promise<[error: Error | null, result: unknown][] | null>): Promise<void> {
  for (const [error] of (await results) ?? []) if (error !== null) throw error;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
