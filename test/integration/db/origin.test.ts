// The origin's promises on both databases.
import { openEmbeddedInMemory } from "../../../db/embedded.ts";
import { migrateToLatest } from "../../../db/migrate.ts";
import { openPostgres } from "../../../db/postgres.ts";
import type { OpenDatabase } from "../../../db/open-database.ts";
import { readCompilerOptions } from "../../../src/modules/tsconfig-options.ts";
import { createDatabaseOrigin } from "../../../src/workspace/database-origin.ts";
import { describeOriginContract, type OriginUnderTest } from "../../support/origin-contract.ts";
import { freshDatabase } from "../../support/servers/fresh.ts";

async function originOver(database: OpenDatabase, drop: () => Promise<void> = async () => undefined): Promise<OriginUnderTest> {
  await migrateToLatest(database.db);
  const { db, server, exclusive } = database;
  return {
    origin: createDatabaseOrigin({ db, describeServer: server, exclusive, readCompilerOptions }),
    async dispose() {
      await database.close();
      await drop();
    },
  };
}

describeOriginContract("PostgreSQL", async () => {
  const fresh = await freshDatabase();
  return originOver(await openPostgres(fresh.url), () => fresh.drop());
});

describeOriginContract("embedded database", async () => originOver(await openEmbeddedInMemory()));
