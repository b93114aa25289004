// What was asked for ↔ a row of the table executions.
import { createHash } from "node:crypto";
import type { ClaimedRow } from "../../db/queries/execution-claims.ts";
import type { NewExecution } from "../../db/queries/executions.ts";
import { decodeText, encodeText, originalJson, storableJson } from "../../db/text.ts";
import type { AskedLimits } from "../limits.ts";
import type { SnapshotId } from "../snapshot/snapshot-record.ts";
import type { AcceptedOrder, ClaimedExecution } from "./ledger.ts";
import type { ExecutionStart } from "./records.ts";
import { jsonOf, valueOf } from "./stored-json.ts";

/** As it waits. */
export function waitingRow(order: AcceptedOrder): NewExecution {
  return {
    id: order.id,
    workspace_id: order.workspace,
    workflow: encodeText(order.workflow),
    reference: encodeText(order.reference),
    input: storableJson(order.inputJson),
    status: null,
    snapshot_id: null,
    started_at: null,
    parent_id: null,
    host_id: null,
    fence: 0,
    attempt: 0,
    asked_by: encodeText(order.askedBy),
    priority: order.priority,
    due_at: order.dueAt ?? null,
    due_in_ms: order.dueInMs ?? null,
    max_wait_ms: order.maxWaitMs ?? null,
    retry_attempts: order.retry.attempts,
    retry_backoff_ms: order.retry.backoffMs,
    retry_idempotent: order.retry.idempotent,
    limits: jsonOf(order.limits),
    asked_snapshot_id: order.snapshotId ?? null,
    idempotency_key: keyOf(order),
    request_hash: requestHash(order),
    traceparent: order.traceparent ?? null,
  };
}

/** As it runs; `host` is who holds what has no claim. */
export function runningRow(start: ExecutionStart, host: string | null): NewExecution {
  const { accepted, claim } = start;
  const begun = {
    status: "Running",
    workflow: encodeText(start.workflow),
    snapshot_id: start.snapshotId,
    started_at: start.startedAt,
    parent_id: start.parentId ?? null,
    attempt: 1,
    due_at: null,
    due_in_ms: null,
  };
  if (accepted !== undefined) {
    const input = storableJson(start.inputJson);
    return { ...waitingRow(accepted), ...begun, input, host_id: claim?.host ?? host, fence: claim?.fence ?? 1 };
  }
  return {
    ...begun,
    id: start.id,
    workspace_id: start.workspace,
    reference: null,
    input: storableJson(start.inputJson),
    host_id: host,
    fence: 0,
    asked_by: "cli",
    priority: 0,
    max_wait_ms: null,
    retry_attempts: 1,
    retry_backoff_ms: 1000,
    retry_idempotent: false,
    limits: null,
    asked_snapshot_id: null,
    idempotency_key: null,
    request_hash: null,
    traceparent: null,
  };
}

export function keyOf({ idempotencyKey }: AcceptedOrder): string | null {
  return idempotencyKey === undefined ? null : encodeText(idempotencyKey);
}

/**
 * Equal where the caller has asked for the same. Not of it: when it is due, which a caller may have given as a delay from now; what the
 * reference led to and how often it is tried, which are the workspace's; who asks, and by which trace.
 */
export function requestHash({ reference, inputJson, priority, maxWaitMs, limits = {}, snapshotId }: AcceptedOrder): string {
  const asked = Object.entries(limits)
    .filter(([, value]) => value !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([reference, inputJson, priority, maxWaitMs ?? null, asked, snapshotId ?? null]))
    .digest("hex");
}

export function claimedOf(row: ClaimedRow): ClaimedExecution {
  const queuedAt = row.queued_at.toISOString();
  return {
    id: row.id,
    workspace: row.workspace_id,
    reference: row.reference === null ? decodeText(row.workflow) : decodeText(row.reference),
    workflow: decodeText(row.workflow),
    inputJson: originalJson(row.input),
    askedBy: decodeText(row.asked_by),
    priority: row.priority,
    dueAt: dueAtOf(row),
    maxWaitMs: row.max_wait_ms ?? undefined,
    retry: { attempts: row.retry_attempts, backoffMs: row.retry_backoff_ms, idempotent: row.retry_idempotent },
    limits: valueOf(row.limits) as AskedLimits | undefined,
    snapshotId: ((row.snapshot_id ?? row.asked_snapshot_id) as SnapshotId | null) ?? undefined,
    idempotencyKey: row.idempotency_key === null ? undefined : decodeText(row.idempotency_key),
    traceparent: row.traceparent ?? undefined,
    host: row.host_id,
    fence: row.fence,
    attempt: row.attempt,
    queuedAt,
    queuedMs: Math.max(0, row.queued_ms),
  };
}

/** Undefined for what was due as soon as it was there. */
export function dueAtOf({ due_at: due, queued_at: queued }: { readonly due_at: Date; readonly queued_at: Date }): string | undefined {
  return due.getTime() > queued.getTime() ? due.toISOString() : undefined;
}
