// What an execution holds while it lasts: a process, and a lease on the snapshot that it reads.
import { Fault } from "../errors.ts";
import { MOST_MEMORY_BYTES } from "../limits.ts";
import type { ChildPool } from "../process/child-pool.ts";
import { keepAskedSnapshot } from "../snapshot/keep-asked.ts";
import { holdLease } from "../snapshot/lease.ts";
import type { Origin } from "../snapshot/origin.ts";
import type { SnapshotId, WorkspaceId } from "../snapshot/snapshot-record.ts";
import type { Snapshots } from "../snapshot/snapshots.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import type { Order, PinnedSnapshot, TakenProcess } from "./order.ts";

export interface ClaimParts {
  readonly workspace: WorkspaceId;
  readonly origin: Pick<Origin, "keepSnapshot">;
  readonly store: SnapshotStore;
  readonly snapshots: Snapshots;
  readonly children: ChildPool;
  /** Whose code shares child processes. */
  readonly tenant: string;
  readonly leaseMs: number;
}

export interface Claims {
  readonly takeProcess: (order: Order) => TakenProcess;
  readonly pin: (order: Order, snapshotId: SnapshotId | undefined) => Promise<PinnedSnapshot>;
}

export function createClaims({ workspace, origin, store, snapshots, children, tenant, leaseMs }: ClaimParts): Claims {
  function takeProcess(order: Order): TakenProcess {
    const { concurrency } = order.workspace;
    const seat = children.take({
      tenant,
      concurrency,
      nested: order.nested === true,
      memoryBytes: (order.limits.memoryBytes || MOST_MEMORY_BYTES) * (order.nested === true ? 1 : concurrency),
      signal: order.signal,
    });
    seat.catch(() => {});
    let used = false;
    return {
      ready: seat,
      run: async (request) => {
        used = true;
        return await children.run(await seat, request);
      },
      async [Symbol.asyncDispose]() {
        if (used) return;
        // Not awaited: whoever needed no process need not wait for one to start.
        seat.then((unused) => children.giveBack(unused)).catch(() => {});
      },
    };
  }

  async function pin(order: Order, snapshotId: SnapshotId | undefined): Promise<PinnedSnapshot> {
    const lease = { executionId: order.id, ttlMs: leaseMs };
    try {
      const pinned = await snapshots.pin(workspace, lease);
      if (snapshotId !== undefined && snapshotId === order.snapshotId) await keepAskedSnapshot(origin, workspace, snapshotId);
      const snapshot = snapshotId === undefined ? pinned.snapshot : await snapshots.open(workspace, snapshotId);
      const held = holdLease(store, workspace, lease);
      return { snapshot, version: snapshotId === undefined ? pinned.head.version : undefined, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() };
    } catch (error) {
      // The store may have taken the lease before the snapshot could not be had. Where the store is away there is none.
      if (!(error instanceof Fault) || error.code !== "ERR_REDIS_UNAVAILABLE") await store.releaseLease(workspace, order.id).catch(() => {});
      throw error;
    }
  }

  return { takeProcess, pin };
}
