// Execution records in plain memory: for the harness and for tests. Gone with the process.
import type { ExecutionRecords, StoredExecution } from "./records.ts";

export interface MemoryRecordsOptions {
  /** Oldest ended executions are forgotten beyond this many. */
  readonly capacity?: number;
}

export function createMemoryRecords({ capacity = 10_000 }: MemoryRecordsOptions = {}): ExecutionRecords {
  const rows = new Map<string, StoredExecution>();

  function forgetOldest(): void {
    for (const [id, row] of rows) {
      if (rows.size <= capacity) return;
      if (row.execution !== undefined) rows.delete(id);
    }
  }

  return {
    async begin(start) {
      const known = rows.get(start.id);
      if (known !== undefined) return known;
      const row: StoredExecution = { ...start, status: "Running", execution: undefined };
      rows.set(start.id, row);
      return row;
    },
    async end(workspace, execution) {
      const row = rows.get(execution.id);
      if (row === undefined || row.workspace !== workspace || row.execution !== undefined) return false;
      rows.set(execution.id, { ...row, status: execution.status, execution });
      forgetOldest();
      return true;
    },
    async get(workspace, id) {
      const row = rows.get(id);
      return row?.workspace === workspace ? row : undefined;
    },
  };
}
