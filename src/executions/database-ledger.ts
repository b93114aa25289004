// The ledger in the database.
import type { OpenDatabase } from "../../db/open-database.ts";
import type { Ledger } from "./ledger.ts";

export interface DatabaseLedgerOptions {
  readonly db: OpenDatabase["db"];
  /** How errors name the database: `host:port/database` or its directory; no password. */
  readonly describeServer: string;
  /** How many executions of a workspace may run at once over all hosts where it has no setting of its own; 0, and absent: no bound. */
  readonly maxRunning?: number | undefined;
}

export function createLedger(options: DatabaseLedgerOptions): Ledger {
  throw new Error(`not yet: ${options.describeServer}`);
}
