// Execution records in plain memory: for the harness and for tests. Gone with the process. Nobody else holds what is kept
// here: of a claim, only whether it is the one that the execution began under.
import { Fault } from "../errors.ts";
import type { Claim } from "./ledger.ts";
import { claimLost } from "./lost-claim.ts";
import type { BegunExecution, ExecutionRecords, ExecutionStart } from "./records.ts";

export interface MemoryRecordsOptions {
  /** Oldest ended executions are forgotten beyond this many. */
  readonly capacity?: number;
}

export function createMemoryRecords({ capacity = 10_000 }: MemoryRecordsOptions = {}): ExecutionRecords {
  const rows = new Map<string, { readonly stored: BegunExecution; readonly claim: Claim | undefined }>();

  function forgetOldest(): void {
    for (const [id, { stored }] of rows) {
      if (rows.size <= capacity) return;
      if (stored.execution !== undefined) rows.delete(id);
    }
  }

  function begun({ claim, accepted, ...start }: ExecutionStart): BegunExecution {
    const known = rows.get(start.id);
    if (known === undefined && claim !== undefined && accepted === undefined) throw claimLost(claim);
    if (known === undefined) {
      const stored: BegunExecution = { ...start, status: "Running", execution: undefined };
      rows.set(start.id, { stored, claim });
      return stored;
    }
    if (accepted !== undefined) throw new Fault("ERR_IDEMPOTENCY_CONFLICT", `The execution ${start.id} is there already.`, { details: { id: start.id } });
    if (claim !== undefined && (known.stored.execution !== undefined || !isSame(known.claim, claim))) throw claimLost(claim);
    return known.stored;
  }

  return {
    begin: async (start) => begun(start),
    async end(workspace, execution, { claim, timings = execution.timings, inputJson } = {}) {
      const row = rows.get(execution.id);
      if (row === undefined || row.stored.workspace !== workspace || row.stored.execution !== undefined || !isSame(row.claim, claim)) return false;
      const kept = timings === undefined ? execution : { ...execution, timings };
      rows.set(execution.id, {
        ...row,
        stored: { ...row.stored, ...(inputJson === undefined ? {} : { inputJson }), status: execution.status, execution: kept },
      });
      forgetOldest();
      return true;
    },
    async get(workspace, id) {
      const row = rows.get(id)?.stored;
      return row?.workspace === workspace ? row : undefined;
    },
  };
}

function isSame(one: Claim | undefined, other: Claim | undefined): boolean {
  return one?.host === other?.host && one?.fence === other?.fence;
}
