// What a run asks of others once everything is warm, counted on a real Redis and a real PostgreSQL.
import { describe, expect, it } from "vitest";
import { migrateToLatest } from "../../db/migrate.ts";
import { openPostgres } from "../../db/postgres.ts";
import { openPools } from "../../src/process/pools.ts";
import { openCountedWorkspace, type CountedWorkspace } from "../support/counted-workspace.ts";
import { freshDatabase, freshRedis } from "../support/servers/fresh.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const FILES = {
  "wf.ts": `import { workflow } from "bifrost";\nimport { add } from "shared/add";\nexport default workflow({ name: "adds" }, async (input: { n: number }) => add(input.n, 1));\n`,
  "shared/add.ts": `import { trace } from "./trace.ts";\nexport function add(left: number, right: number): number {\n  return trace(left + right);\n}\n`,
  "shared/trace.ts": `export function trace<Value>(value: Value): Value {\n  return value;\n}\n`,
};

async function inWorkspace(use: (workspace: CountedWorkspace) => Promise<void>): Promise<void> {
  await using database = await freshDatabase();
  await using redis = await freshRedis();
  using directory = temporaryDirectory();
  const opened = await openPostgres(database.url);
  await migrateToLatest(opened.db);
  await opened.close();
  const pools = openPools({ processes: 1, spares: 0, zodAhead: false, cacheDirectory: directory.path });
  try {
    await using workspace = await openCountedWorkspace({ databaseUrl: database.url, redisUrl: redis.url, dataDirectory: "" }, pools);
    await workspace.executor.write(FILES);
    await use(workspace);
  } finally {
    await pools.close();
  }
}

describe("a warm run", () => {
  it("asks Redis once between call and hand-over and transpiles nothing, however it is referred to", async () => {
    await inWorkspace(async ({ count }) => {
      for (const reference of ["wf.ts", "wf.ts::default", "adds"]) {
        await count(reference, `{"n":1}`);
        expect(await count(reference, `{"n":2}`), reference).toEqual({ roundTrips: 1, transpiled: 0 });
      }
    });
  });

  it("transpiles nothing either after a save, because the save has", async () => {
    await inWorkspace(async ({ executor, count }) => {
      await count("wf.ts", `{"n":1}`);
      await executor.write({ "shared/trace.ts": `export function trace<Value>(value: Value): Value {\n  return value as Value;\n}\n` });
      const { transpiled } = await count("wf.ts", `{"n":1}`);
      expect(transpiled).toBe(0);
      expect(await count("wf.ts", `{"n":1}`)).toEqual({ roundTrips: 1, transpiled: 0 });
    });
  });

  it("is told from a cold one by the same count", async () => {
    await inWorkspace(async ({ executor, count }) => {
      await count("wf.ts", `{"n":1}`);
      await executor.moduleCache.clearModuleCache();
      const { roundTrips } = await count("wf.ts", `{"n":1}`);
      expect(roundTrips).toBeGreaterThan(1);
    });
  });
});
