// Hosts that live, leave and die, and the ends that nobody else writes: of what was lost with its host, and of what has
// waited for too long.
import { lockTurns } from "../../db/queries/execution-claims.ts";
import { failWaiting, lockExpired, type ExpiredRow } from "../../db/queries/execution-waiting.ts";
import { beatHost, leaveHost, listHosts, markDead, selectHeld, takeFromHost, type HeldRow, type ReapedRow } from "../../db/queries/hosts.ts";
import { decodeText, encodeText } from "../../db/text.ts";
import { simpleError } from "../execution-error.ts";
import { errorColumns } from "./error-columns.ts";
import type { LedgerGround } from "./ledger-ground.ts";
import type { HeldExecution, Ledger } from "./ledger.ts";

export function createClosing({ db, guarded }: LedgerGround): Pick<Ledger, "beat" | "hosts" | "leave" | "held" | "abandon" | "reap" | "expire"> {
  return {
    beat: (host, { name, slots }) => guarded(() => beatHost(db, { id: host, name: encodeText(name), slots })),

    hosts: () =>
      guarded(async () =>
        (await listHosts(db)).map(({ id, name, slots, beats, running }) => ({ id, name: decodeText(name), slots, mark: String(beats), running })),
      ),

    leave: (host) => guarded(() => leaveHost(db, host)),

    held: (host) => guarded(async () => (await selectHeld(db, host)).map(heldOf)),

    abandon: (host, only) =>
      guarded(async () => {
        const error = simpleError("ERR_PROCESS_CRASH", "ExecutorLostError", LOST);
        return reapedOf(await takeFromHost(db, host, { cancelled: errorColumns(cancelledError()), stuck: errorColumns(error), only }));
      }),

    reap: (host) =>
      guarded(async () => {
        const rows = await db.transaction().execute(async (transaction) => {
          // Whoever claims for it at this moment has done so before, or is given nothing.
          await lockTurns(transaction);
          await markDead(transaction, host);
          return await takeFromHost(transaction, host, { cancelled: errorColumns(cancelledError()), stuck: errorColumns(stuckError(host)) });
        });
        return reapedOf(rows);
      }),

    expire: () =>
      guarded(async () =>
        db.transaction().execute(async (transaction) => {
          const rows = await lockExpired(transaction);
          if (rows.length > 0)
            await failWaiting(
              transaction,
              rows.map((row) => ({ id: row.id, ...errorColumns(busyError(row)) })),
            );
          return rows.map(({ id, workspace_id: workspace }) => ({ id, workspace }));
        }),
      ),
  };
}

const LOST =
  "The executor host lost sight of the execution when the database went away. How far it came is not known: look at its logs before it is run again, or declare its workflow idempotent, so that it is run again by itself.";

function heldOf({ id, workspace_id: workspace, host_id: host, fence, begun, nested }: HeldRow): HeldExecution {
  return { id, workspace, host, fence, begun, nested };
}

function reapedOf(rows: readonly ReapedRow[]): Awaited<ReturnType<Ledger["reap"]>> {
  const ended = rows.filter(({ status }) => status !== "Scheduled");
  return { ended: ended.map(({ id, workspace_id: workspace }) => ({ id, workspace })), waiting: rows.length - ended.length };
}

function stuckError(host: string) {
  return simpleError(
    "ERR_PROCESS_CRASH",
    "ExecutorLostError",
    `The executor host ${host}, which ran the execution, gave no sign of life any more. How far the execution came is not known: look at its logs before it is run again, or declare its workflow idempotent, so that it is run again by itself.`,
    { host },
  );
}

function cancelledError() {
  return simpleError("ERR_CANCELLED", "CancelledError", "The execution was cancelled; the executor host that was to stop it gave no sign of life any more.", {
    phase: "kill",
  });
}

function busyError({ max_wait_ms: maxWaitMs, ahead }: ExpiredRow) {
  return simpleError(
    "ERR_EXECUTOR_BUSY",
    "ExecutorBusyError",
    `No executor had room for the execution within ${maxWaitMs} ms; ${ahead} of its workspace were ahead of it. Run it again later, let it wait for longer, or run more executor hosts.`,
    { ahead, maxWaitMs },
  );
}
