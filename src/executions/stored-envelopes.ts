// Rows of the table executions → what is kept of an execution, and its envelope.
import type { ExecutionRow } from "../../db/queries/executions.ts";
import type { LogRow } from "../../db/queries/execution-logs.ts";
import { decodeText, originalJson } from "../../db/text.ts";
import type { Execution, ExecutionError, ExecutionStatus, ModuleUse, TerminalStatus, Timings, Usage } from "../completion.ts";
import type { SnapshotId } from "../snapshot/snapshot-record.ts";
import { isEnded } from "./is-ended.ts";
import { lineOf } from "./log-rows.ts";
import type { StoredExecution } from "./records.ts";
import { valueOf } from "./stored-json.ts";

/** Of what never ran, or was lost with its host. */
const NO_USAGE: Usage = Object.freeze({ wallMs: 0, cpuMs: 0, peakMemoryBytes: 0 });

export function storedOf(row: ExecutionRow, logs: readonly LogRow[]): StoredExecution {
  const status = row.status as ExecutionStatus;
  return {
    id: row.id,
    workspace: row.workspace_id,
    workflow: decodeText(row.workflow),
    ...(row.snapshot_id === null ? undefined : { snapshotId: row.snapshot_id as SnapshotId }),
    inputJson: originalJson(row.input),
    ...(row.started_at === null ? undefined : { startedAt: row.started_at.toISOString() }),
    ...(row.parent_id === null ? undefined : { parentId: row.parent_id }),
    status,
    execution: isEnded(status) ? envelopeOf(row, { status, logs }) : undefined,
  };
}

function envelopeOf(row: ExecutionRow, { status, logs }: { readonly status: TerminalStatus; readonly logs: readonly LogRow[] }): Execution {
  const finishedAt = row.finished_at ?? row.queued_at;
  const timings = valueOf(row.timings) as Timings | undefined;
  return {
    version: 1,
    id: row.id,
    ...(row.parent_id === null ? undefined : { parentId: row.parent_id }),
    workflow: decodeText(row.workflow),
    status,
    ...(row.result === null ? undefined : { result: valueOf(row.result) }),
    ...(row.error === null ? undefined : { error: valueOf(row.error) as ExecutionError }),
    logs: logs.map(lineOf),
    usage: (valueOf(row.usage) as Usage | undefined) ?? NO_USAGE,
    ...(timings === undefined ? undefined : { timings }),
    snapshotId: row.snapshot_id ?? row.asked_snapshot_id ?? "",
    modules: (valueOf(row.modules) as ModuleUse[] | undefined) ?? [],
    startedAt: (row.started_at ?? finishedAt).toISOString(),
    finishedAt: finishedAt.toISOString(),
  };
}
