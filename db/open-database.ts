// What both ways of opening a database give.
import type { Kysely } from "kysely";
import type { Database } from "./schema.ts";

export interface OpenDatabase {
  readonly db: Kysely<Database>;
  /** How errors name it: `host:port/database` or the directory; never a password. */
  readonly server: string;
  /** True where this process alone can reach the data, over one connection: while a transaction is open, other statements wait. */
  readonly exclusive: boolean;
  /** Waits for queries under way. May be called more than once. */
  close(): Promise<void>;
}
