// What follows executions asks a ledger only for how they stand and for lines: these are the test's own to change.
import type { ExecutionStatus, LogLine } from "../../src/completion.ts";
import { Fault } from "../../src/errors.ts";
import type { Ledger } from "../../src/executions/ledger.ts";

export interface KeptExecution {
  status: ExecutionStatus;
  lines: LogLine[];
}

export class KeptExecutions implements Pick<Ledger, "status" | "lines"> {
  readonly #kept = new Map<string, KeptExecution>();
  isAway = false;
  looks = 0;

  keep(id: string, kept: KeptExecution): KeptExecution {
    this.#kept.set(id, kept);
    return kept;
  }

  async status(_workspace: string, id: string): Promise<ExecutionStatus | undefined> {
    this.looks += 1;
    this.#answer();
    return this.#kept.get(id)?.status;
  }

  async lines(_workspace: string, id: string, { after, limit = 1000 }: { after: number; limit?: number | undefined }): Promise<readonly LogLine[]> {
    this.#answer();
    return this.#kept
      .get(id)!
      .lines.filter(({ sequence }) => sequence > after)
      .slice(0, limit);
  }

  #answer(): void {
    if (this.isAway) throw new Fault("ERR_DATABASE_UNAVAILABLE", "The database is away.");
  }
}
