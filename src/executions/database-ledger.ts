// The ledger in the database: each change is one guarded statement, or one transaction. Parts with an idea of their own stand beside.
import { batches } from "../../db/batches.ts";
import { cancelExecution, claimExecutions, endUnrun, handBackExecution, lockTurns, promoteDue, type CancelRow } from "../../db/queries/execution-claims.ts";
import { insertLogs, lockHeld, selectLogs } from "../../db/queries/execution-logs.ts";
import { countOpen, nextDue } from "../../db/queries/execution-waiting.ts";
import type { OpenDatabase } from "../../db/open-database.ts";
import type { ExecutionStatus, TerminalStatus } from "../completion.ts";
import { simpleError } from "../execution-error.ts";
import { withDatabaseFaults } from "../workspace/database-faults.ts";
import { isUuid } from "../workspace/uuid.ts";
import { createAccepting } from "./database-ledger-accept.ts";
import { createClosing } from "./database-ledger-close.ts";
import { createListing } from "./database-ledger-list.ts";
import { errorColumns } from "./error-columns.ts";
import type { LedgerGround } from "./ledger-ground.ts";
import type { CancelStep, Ledger } from "./ledger.ts";
import { lineOf, logRow, logSize } from "./log-rows.ts";
import { claimedOf } from "./order-rows.ts";

export interface DatabaseLedgerOptions {
  readonly db: OpenDatabase["db"];
  /** How errors name the database: `host:port/database` or its directory; no password. */
  readonly describeServer: string;
  /** How many executions of a workspace may run at once over all hosts where it has no setting of its own; 0, and absent: no bound. */
  readonly maxRunning?: number | undefined;
  /** Whether nobody else claims: then there are no turns to take. */
  readonly exclusive?: boolean | undefined;
}

const LOOK_FOR_DUE_MS = 100;

const CANCELLED = errorColumns(simpleError("ERR_CANCELLED", "CancelledError", "The execution was cancelled before it began.", { phase: "waiting" }));

export function createLedger({ db, describeServer, maxRunning = 0, exclusive = false }: DatabaseLedgerOptions): Ledger {
  const guarded: LedgerGround["guarded"] = (action) => withDatabaseFaults(describeServer, action);
  const ground = { db, guarded };
  let lookedAt = -Infinity;
  /** As many as were asked for: then more may wait. */
  let tookAll = false;

  /** Without a lock: mostly nothing waits. Where much does, the due ones among what was scheduled are looked for only now and then. */
  async function mayWait(): Promise<boolean> {
    lookedAt = performance.now();
    return await promoteDue(db);
  }

  async function claimRows(asked: Parameters<typeof claimExecutions>[1]): ReturnType<typeof claimExecutions> {
    if (exclusive) return await claimExecutions(db, asked);
    return await db.transaction().execute(async (transaction) => {
      await lockTurns(transaction);
      return await claimExecutions(transaction, asked);
    });
  }

  return {
    ...createAccepting(ground),
    ...createListing(ground),
    ...createClosing(ground),

    claim: (host, most) =>
      guarded(async () => {
        if (most <= 0) return [];
        const isSure = tookAll && performance.now() - lookedAt < LOOK_FOR_DUE_MS;
        const rows = isSure || (await mayWait()) ? [...(await claimRows({ host, most, maxRunning }))] : [];
        if (isSure && rows.length < most && (await mayWait())) rows.push(...(await claimRows({ host, most: most - rows.length, maxRunning })));
        tookAll = rows.length >= most;
        return rows.map(claimedOf);
      }),

    handBack: (claim, options) => guarded(() => handBackExecution(db, claim, options)),

    endUnbegun: ({ id, workspace, host, fence }, { status, error }) =>
      guarded(async () => {
        const claim = host === undefined || fence === undefined ? undefined : { host, fence };
        return isUuid(id) && (await endUnrun(db, { id, workspace, status, ...errorColumns(error), claim }));
      }),

    cancel: (workspace, id) =>
      guarded(async () => {
        const row = isUuid(id) ? await cancelExecution(db, { id, workspace, ...CANCELLED }) : undefined;
        return row === undefined ? undefined : stepOf(row);
      }),

    lines: (workspace, id, { after, limit }) =>
      guarded(async () => (isUuid(id) ? (await selectLogs(db, workspace, { execution: id, after, limit })).map(lineOf) : [])),

    keepLines: (claim, lines) =>
      guarded(() =>
        db.transaction().execute(async (transaction) => {
          if (!(await lockHeld(transaction, claim))) return;
          for (const rows of batches(lines.map(logRow), logSize)) await insertLogs(transaction, claim.workspace, { execution: claim.id, rows });
        }),
      ),

    nextDueInMs: () =>
      guarded(async () => {
        const dueInMs = await nextDue(db);
        return dueInMs === undefined ? undefined : Math.max(0, Math.ceil(dueInMs));
      }),

    depth: () =>
      guarded(async () => (await countOpen(db)).map(({ workspace_id: workspace, status, count }) => ({ workspace, status: status as ExecutionStatus, count }))),
  };
}

function stepOf({ status, host_id: host, has_begun: hasBegun }: CancelRow): CancelStep {
  if (status === "Cancelling") return { kind: "cancelling", host: host ?? undefined };
  if (status === "Cancelled" && !hasBegun) return { kind: "cancelled" };
  return { kind: "ended", status: status as TerminalStatus };
}
