// How executions stand: one, or a page of them, newest first.
import { findState, findStatus, listExecutions, type ListOptions, type StateRow, type SummaryRow } from "../../db/queries/execution-lists.ts";
import { decodeText, encodeText, originalJson } from "../../db/text.ts";
import type { ExecutionError, ExecutionStatus, ModuleUse, Timings, Usage } from "../completion.ts";
import { Fault } from "../errors.ts";
import { rfc3339 } from "../rfc-3339.ts";
import { isUuid } from "../workspace/uuid.ts";
import { summaryOf } from "./error-columns.ts";
import type { LedgerGround } from "./ledger-ground.ts";
import type { ExecutionFilter, ExecutionState, ExecutionSummary, Ledger } from "./ledger.ts";
import { cursorOf, placeOf } from "./list-cursor.ts";
import { dueAtOf } from "./order-rows.ts";
import { valueOf } from "./stored-json.ts";

const DEFAULT_LIMIT = 50;
const MOST_LISTED = 200;

export function createListing({ db, guarded }: LedgerGround): Pick<Ledger, "state" | "status" | "list"> {
  return {
    state: (workspace, id) =>
      guarded(async () => {
        const row = isUuid(id) ? await findState(db, workspace, id) : undefined;
        return row === undefined ? undefined : stateOf(row);
      }),

    status: (workspace, id) => guarded(async () => (isUuid(id) ? ((await findStatus(db, workspace, id)) as ExecutionStatus | undefined) : undefined)),

    async list(workspace, filter) {
      const { limit, ...options } = optionsOf(filter);
      // One more than is wanted says whether there is a next page.
      const rows = await guarded(() => listExecutions(db, workspace, { ...options, limit: limit + 1 }));
      const page = rows.slice(0, limit);
      const last = rows.length > limit ? page.at(-1) : undefined;
      return { executions: page.map(summaryOfRow), next: last === undefined ? undefined : cursorOf({ queuedAt: last.queued_at.toISOString(), id: last.id }) };
    },
  };
}

/** Throws ERR_INPUT_INVALID naming what cannot be. */
function optionsOf({ workflow, statuses, parentId, askedBy, since, until, limit = DEFAULT_LIMIT, cursor }: ExecutionFilter): ListOptions {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MOST_LISTED) throw invalid("limit", limit, `a whole number from 1 to ${MOST_LISTED}`);
  if (parentId !== undefined && !isUuid(parentId)) throw invalid("parentId", parentId, "the id of an execution");
  return {
    workflow: workflow === undefined ? undefined : encodeText(workflow),
    workflowPrefix: workflow === undefined ? undefined : `${encodeText(workflow)}::`,
    statuses,
    parent: parentId,
    askedBy: askedBy === undefined ? undefined : encodeText(askedBy),
    since: timeOf("since", since),
    until: timeOf("until", until),
    after: cursor === undefined ? undefined : placeOf(cursor),
    limit,
  };
}

function timeOf(name: "since" | "until", text: string | undefined): string | undefined {
  const time = text === undefined ? undefined : rfc3339(text);
  if (time !== undefined || text === undefined) return time;
  throw invalid(name, text, "a time as RFC 3339 has it, such as 2026-11-20T10:00:00Z");
}

function invalid(path: string, received: unknown, expected: string): Fault {
  return new Fault("ERR_INPUT_INVALID", `${path} is ${JSON.stringify(received)}; ${expected} is wanted.`, {
    details: { path, expected, received: String(received) },
  });
}

function shownOf(row: SummaryRow) {
  const status = row.status as ExecutionStatus;
  return {
    version: 1,
    id: row.id,
    parentId: row.parent_id ?? undefined,
    workspace: row.workspace_id,
    workflow: decodeText(row.workflow),
    status,
    askedBy: decodeText(row.asked_by),
    priority: row.priority,
    attempt: row.attempt,
    queuedAt: row.queued_at.toISOString(),
    dueAt: dueAtOf(row),
    startedAt: row.started_at?.toISOString(),
    finishedAt: row.finished_at?.toISOString(),
    snapshotId: row.snapshot_id ?? undefined,
    host: row.host_id ?? undefined,
    usage: valueOf(row.usage) as Usage | undefined,
    timings: valueOf(row.timings) as Timings | undefined,
  } as const;
}

function summaryOfRow(row: SummaryRow): ExecutionSummary {
  const stored = valueOf(row.error_summary) as ExecutionSummary["error"];
  return { ...shownOf(row), error: stored ?? summaryOf(valueOf(row.error) as ExecutionError | undefined) };
}

function stateOf(row: StateRow): ExecutionState {
  const shown = shownOf(row);
  return {
    ...shown,
    position: shown.status === "Pending" ? row.ahead : undefined,
    error: valueOf(row.error) as ExecutionError | undefined,
    modules: valueOf(row.modules) as ModuleUse[] | undefined,
    inputJson: originalJson(row.input),
  };
}
