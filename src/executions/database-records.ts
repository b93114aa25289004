// Execution records in the database. JSON goes in and out as the text it is; author text that the database cannot hold
// as such is encoded (db/text.ts).
import { batches } from "../../db/batches.ts";
import { insertLogs, selectLogs } from "../../db/queries/execution-logs.ts";
import { beginExecutions, findExecution, finishExecutions, insertExecutions, type BegunRow, type EndingRow } from "../../db/queries/executions.ts";
import type { OpenDatabase } from "../../db/open-database.ts";
import { encodeText, storableJson } from "../../db/text.ts";
import type { Execution, ExecutionStatus } from "../completion.ts";
import type { Fault } from "../errors.ts";
import type { SnapshotId, WorkspaceId } from "../snapshot/snapshot-record.ts";
import { withDatabaseFaults } from "../workspace/database-faults.ts";
import { isUuid } from "../workspace/uuid.ts";
import { errorColumns } from "./error-columns.ts";
import { firstOfEach, Gathering } from "./gathering.ts";
import type { Claim } from "./ledger.ts";
import { logRow, logSize } from "./log-rows.ts";
import { claimLost } from "./lost-claim.ts";
import { runningRow } from "./order-rows.ts";
import type { BegunExecution, EndOptions, ExecutionRecords, ExecutionStart, StoredExecution } from "./records.ts";
import { jsonOf } from "./stored-json.ts";
import { storedOf } from "./stored-envelopes.ts";
import { whoHas } from "./taken-ids.ts";

export interface DatabaseRecordsOptions {
  readonly db: OpenDatabase["db"];
  /** How errors name the database: `host:port/database` or its directory; no password. */
  readonly describeServer: string;
  /** Id of the host in the ledger, where these records are a host's: what it begins without a claim is reaped with it. */
  readonly host?: (() => string) | undefined;
}

type ClaimedStart = ExecutionStart & { readonly claim: Claim };

interface Ending extends EndOptions {
  readonly workspace: WorkspaceId;
  readonly execution: Execution;
  readonly row: EndingRow;
  readonly lines: readonly ReturnType<typeof logRow>[];
  readonly bytes: number;
}

export function createDatabaseRecords({ db, describeServer, host }: DatabaseRecordsOptions): ExecutionRecords {
  function guarded<T>(action: () => Promise<T>): Promise<T> {
    return withDatabaseFaults(describeServer, action);
  }

  async function read(workspace: WorkspaceId, id: string): Promise<StoredExecution | undefined> {
    const row = isUuid(id) ? await findExecution(db, workspace, id) : undefined;
    if (row === undefined) return undefined;
    return storedOf(row, row.finished_at === null ? [] : await selectLogs(db, workspace, { execution: id }));
  }

  const inserting = new Gathering<ExecutionStart, BegunExecution>({
    sizeOf: ({ inputJson }) => inputJson.length,
    send: (starts) => guarded(() => insert(starts)),
  });

  async function insert(starts: readonly ExecutionStart[]): Promise<readonly (BegunExecution | Fault)[]> {
    const own = host?.() ?? null;
    const firsts = firstOfEach(starts, ({ id }) => id);
    const inserted = new Set(
      await insertExecutions(
        db,
        firsts.map((start) => runningRow(start, own)),
      ),
    );
    return await Promise.all(
      starts.map(async (start) => {
        if (inserted.delete(start.id.toLowerCase())) return begunOf(start, "Running");
        // What is new has been written: a failure from here on is this one's alone.
        return await guarded(() => standing(start, own)).catch((error: unknown) => error as Fault);
      }),
    );
  }

  /** Of one whose id is taken, or whose host is taken for dead. */
  async function standing(start: ExecutionStart, own: string | null): Promise<BegunExecution | Fault> {
    const { id, workspace, accepted, claim } = start;
    const known = accepted === undefined ? await read(workspace, id) : undefined;
    if (known !== undefined) return { ...known, startedAt: known.startedAt ?? start.startedAt };
    const taken = await whoHas(db, { id, workspace, accepted });
    return taken ?? claimLost({ id, host: claim?.host ?? own ?? "", fence: claim?.fence ?? 0 });
  }

  const beginning = new Gathering<ClaimedStart, BegunExecution>({
    sizeOf: () => 0,
    async send(starts) {
      const rows = await guarded(() => beginExecutions(db, starts.map(beginningRow)));
      const begun = new Map(rows.map((row) => [row.place, row]));
      return starts.map((start, index) => begunUnder(start, begun.get(index + 1)) ?? claimLost(start.claim));
    },
  });

  const ending = new Gathering<Ending, boolean>({
    sizeOf: ({ bytes }) => bytes,
    async send(ends) {
      const ended = new Set(await guarded(() => finish(ends)));
      return ends.map((_, index) => ended.has(index + 1));
    },
  });

  async function finish(ends: readonly Ending[]): Promise<readonly number[]> {
    const rows = ends.map(({ row }) => row);
    const [lines = [], ...more] = batches(
      ends.flatMap((end, index) => end.lines.map((line) => ({ ...line, execution: index + 1 }))),
      logSize,
    );
    if (more.length === 0) return await finishExecutions(db, { rows, lines });
    return await db.transaction().execute(async (transaction) => {
      const written = await finishExecutions(transaction, { rows, lines });
      for (const [index, { workspace, execution }] of ends.entries()) {
        if (!written.includes(index + 1)) continue;
        for (const batch of more) {
          const ofIt = batch.filter((line) => line.execution === index + 1);
          if (ofIt.length > 0) await insertLogs(transaction, workspace, { execution: execution.id, rows: ofIt, isLastWord: true });
        }
      }
      return written;
    });
  }

  return {
    begin: (start) => (isHeld(start) ? beginning.join(start) : inserting.join(start)),

    async end(workspace, execution, options = {}) {
      if (!isUuid(execution.id)) return false;
      const lines = execution.logs.map(logRow);
      const row = endingRow(workspace, execution, options);
      const bytes = lines.reduce((sum, line) => sum + logSize(line), (row.result as string | null)?.length ?? 0);
      return await ending.join({ ...options, workspace, execution, row, lines, bytes });
    },

    get: (workspace, id) => guarded(() => read(workspace, id)),
  };
}

/** Whether its row is there, and held under the claim. */
function isHeld(start: ExecutionStart): start is ClaimedStart {
  return start.claim !== undefined && start.accepted === undefined;
}

function begunOf(start: ExecutionStart, status: ExecutionStatus): BegunExecution {
  const { id, workspace, workflow, snapshotId, inputJson, startedAt, parentId } = start;
  const parent = parentId === undefined ? undefined : { parentId };
  return { id, workspace, workflow, snapshotId, inputJson, startedAt, ...parent, status, execution: undefined };
}

function beginningRow({ id, workspace, claim, workflow, snapshotId, startedAt }: ClaimedStart): Parameters<typeof beginExecutions>[1][number] {
  return {
    id,
    workspace_id: workspace,
    host_id: claim.host,
    fence: claim.fence,
    workflow: encodeText(workflow),
    snapshot_id: snapshotId,
    started_at: startedAt,
  };
}

function begunUnder(start: ClaimedStart, row: BegunRow | undefined): BegunExecution | undefined {
  if (row === undefined) return undefined;
  const begun = begunOf(start, row.status as ExecutionStatus);
  return { ...begun, snapshotId: row.snapshot_id as SnapshotId, startedAt: row.started_at.toISOString() };
}

function endingRow(workspace: WorkspaceId, execution: Execution, { claim, timings = execution.timings, inputJson }: EndOptions): EndingRow {
  return {
    id: execution.id,
    workspace_id: workspace,
    host_id: claim?.host ?? null,
    fence: claim?.fence ?? null,
    status: execution.status,
    input: inputJson === undefined ? null : storableJson(inputJson),
    result: jsonOf(execution.result),
    ...errorColumns(execution.error),
    modules: jsonOf(execution.modules),
    usage: jsonOf(execution.usage),
    timings: jsonOf(timings),
    finished_at: execution.finishedAt,
  };
}
