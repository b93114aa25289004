// What the parts of the ledger stand on.
import type { OpenDatabase } from "../../db/open-database.ts";

export interface LedgerGround {
  readonly db: OpenDatabase["db"];
  /** Runs `action`; what it throws is a Fault afterwards. */
  readonly guarded: <T>(action: () => Promise<T>) => Promise<T>;
}
