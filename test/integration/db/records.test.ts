// The execution records' promises on both databases and on the memory twin.
import { openEmbeddedInMemory } from "../../../db/embedded.ts";
import { migrateToLatest } from "../../../db/migrate.ts";
import type { OpenDatabase } from "../../../db/open-database.ts";
import { openPostgres } from "../../../db/postgres.ts";
import { createDatabaseRecords } from "../../../src/executions/database-records.ts";
import { createMemoryRecords } from "../../../src/executions/memory-records.ts";
import { createDatabaseOrigin } from "../../../src/workspace/database-origin.ts";
import { describeRecordsContract, type RecordsUnderTest } from "../../support/records-contract.ts";
import { freshDatabase } from "../../support/servers/fresh.ts";

async function recordsOver(database: OpenDatabase, drop: () => Promise<void> = async () => undefined): Promise<RecordsUnderTest> {
  const { db, server: describeServer } = database;
  await migrateToLatest(db);
  const origin = createDatabaseOrigin({ db, describeServer, readCompilerOptions: () => ({}) });
  const [one, other] = [await origin.workspace("one", { create: true }), await origin.workspace("other", { create: true })];
  return {
    records: createDatabaseRecords({ db, describeServer }),
    workspaces: [one!.id, other!.id],
    async dispose() {
      await database.close();
      await drop();
    },
  };
}

describeRecordsContract("PostgreSQL", async () => {
  const fresh = await freshDatabase();
  return recordsOver(await openPostgres(fresh.url), () => fresh.drop());
});

describeRecordsContract("embedded database", async () => recordsOver(await openEmbeddedInMemory()));

describeRecordsContract("memory", async () => ({
  records: createMemoryRecords(),
  workspaces: ["00000000-0000-7000-8000-00000000000a", "00000000-0000-7000-8000-00000000000b"],
  dispose: async () => undefined,
}));
