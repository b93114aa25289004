// What a migration file needs, in one import line. Migrations go forward only, and each leaves the previous release working.
export { sql, type Kysely } from "kysely";
export type { Migration } from "kysely/migration";
