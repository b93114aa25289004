// Execution records in the database. JSON goes in and out as the text it is; author text that the database cannot hold
// as such is encoded (db/text.ts).
import { batches } from "../../db/batches.ts";
import { insertLogs, selectLogs, type LogRow, type NewLogRow } from "../../db/queries/execution-logs.ts";
import { findExecution, finishExecution, insertExecution, type ExecutionRow } from "../../db/queries/executions.ts";
import type { OpenDatabase } from "../../db/open-database.ts";
import { decodeText, encodeText, originalJson, storableJson } from "../../db/text.ts";
import type { Execution, ExecutionError, LogLevel, LogLine, ModuleUse, TerminalStatus, Usage } from "../completion.ts";
import { Fault } from "../errors.ts";
import type { SnapshotId } from "../snapshot/snapshot-record.ts";
import { withDatabaseFaults } from "../workspace/database-faults.ts";
import type { ExecutionRecords, ExecutionStart, StoredExecution } from "./records.ts";
import { isUuid } from "../workspace/uuid.ts";

export interface DatabaseRecordsOptions {
  readonly db: OpenDatabase["db"];
  /** How errors name the database: `host:port/database` or its directory; no password. */
  readonly describeServer: string;
  /** Id of the host in the ledger, where these records are a host's: what it begins without a claim is reaped with it. */
  readonly host?: (() => string) | undefined;
}

export function createDatabaseRecords({ db, describeServer }: DatabaseRecordsOptions): ExecutionRecords {
  function guarded<T>(action: () => Promise<T>): Promise<T> {
    return withDatabaseFaults(describeServer, action);
  }

  async function read(workspace: string, id: string): Promise<StoredExecution | undefined> {
    const row = isUuid(id) ? await findExecution(db, workspace, id) : undefined;
    if (row === undefined) return undefined;
    return storedOf(row, row.status === "Running" ? [] : await selectLogs(db, workspace, id));
  }

  return {
    begin: (start) =>
      guarded(async () => {
        if (await insertExecution(db, newRow(start))) return { ...start, status: "Running", execution: undefined };
        const known = await read(start.workspace, start.id);
        if (known !== undefined) return { ...known, startedAt: known.startedAt ?? start.startedAt };
        throw new Fault("ERR_INTERNAL", `The execution id ${start.id} is taken in another workspace.`, { details: { id: start.id } });
      }),

    end: (workspace, execution) =>
      guarded(() =>
        db.transaction().execute(async (transaction) => {
          const isFirst = isUuid(execution.id) && (await finishExecution(transaction, workspace, { id: execution.id, set: endOf(execution) }));
          if (!isFirst) return false;
          for (const rows of batches(execution.logs.map(logRow), logSize)) await insertLogs(transaction, workspace, { execution: execution.id, rows });
          return true;
        }),
      ),

    get: (workspace, id) => guarded(() => read(workspace, id)),
  };
}

function newRow(start: ExecutionStart) {
  return {
    id: start.id,
    workspace_id: start.workspace,
    workflow: encodeText(start.workflow),
    snapshot_id: start.snapshotId,
    status: "Running",
    input: storableJson(start.inputJson),
    started_at: new Date(start.startedAt),
    parent_id: start.parentId ?? null,
  };
}

function endOf(execution: Execution) {
  return {
    status: execution.status,
    result: jsonOf(execution.result),
    error: jsonOf(execution.error),
    modules: jsonOf(execution.modules),
    usage: jsonOf(execution.usage),
    finished_at: new Date(execution.finishedAt),
  };
}

function jsonOf(value: unknown): string | null {
  return value === undefined ? null : storableJson(JSON.stringify(value));
}

function valueOf(stored: string): unknown {
  return JSON.parse(originalJson(stored));
}

function logRow(line: LogLine): NewLogRow {
  return { sequence: line.sequence, level: line.level, message: encodeText(line.message), data: jsonOf(line.data), at: line.timestamp };
}

function logSize(row: NewLogRow): number {
  return row.message.length + (row.data?.length ?? 0);
}

function storedOf(row: ExecutionRow, logs: readonly LogRow[]): StoredExecution {
  const start: ExecutionStart = {
    id: row.id,
    workspace: row.workspace_id,
    workflow: decodeText(row.workflow),
    snapshotId: row.snapshot_id as SnapshotId,
    inputJson: originalJson(row.input),
    startedAt: (row.started_at ?? row.queued_at).toISOString(),
    ...(row.parent_id === null ? undefined : { parentId: row.parent_id }),
  };
  if (row.status === "Running") return { ...start, status: "Running", execution: undefined };
  const status = row.status as TerminalStatus;
  return { ...start, status, execution: executionOf(row, { start, status, logs }) };
}

function executionOf(
  row: ExecutionRow,
  { start, status, logs }: { readonly start: ExecutionStart; readonly status: TerminalStatus; readonly logs: readonly LogRow[] },
): Execution {
  return {
    version: 1,
    id: start.id,
    ...(start.parentId === undefined ? undefined : { parentId: start.parentId }),
    workflow: start.workflow,
    status,
    ...(row.result === null ? undefined : { result: valueOf(row.result) }),
    ...(row.error === null ? undefined : { error: valueOf(row.error) as ExecutionError }),
    logs: logs.map(lineOf),
    usage: valueOf(row.usage ?? "null") as Usage,
    snapshotId: start.snapshotId,
    modules: valueOf(row.modules ?? "[]") as ModuleUse[],
    startedAt: start.startedAt,
    finishedAt: (row.finished_at ?? row.queued_at).toISOString(),
  };
}

function lineOf(row: LogRow): LogLine {
  return {
    sequence: row.sequence,
    level: row.level as LogLevel,
    message: decodeText(row.message),
    timestamp: row.at.toISOString(),
    ...(row.data === null ? undefined : { data: valueOf(row.data) }),
  };
}
