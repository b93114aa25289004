// A process of its own that writes to a stored workspace until it is killed: `node stored-writer.ts DATABASE_URL REDIS_URL
// WORKSPACE loop|hang`. loop: version after version, each told of once it is acknowledged. hang: one version, which is
// committed and never published; told of when it is about to be.
import { readConfig } from "../../src/config.ts";
import { createExecutor } from "../../src/executor.ts";
import { createDatabaseRecords } from "../../src/executions/database-records.ts";
import { openBacking } from "../../src/open-stored.ts";
import { openPools } from "../../src/process/pools.ts";

const [databaseUrl = "", redisUrl = "", name = "", mode = ""] = process.argv.slice(2);
const config = readConfig({ ...process.env, DATABASE_URL: databaseUrl, REDIS_URL: redisUrl });
const backing = await openBacking(config);
const workspace = (await backing.origin.workspace(name, { create: true }))!;
const pools = openPools({ processes: 1, spares: 0, zodAhead: false, cacheDirectory: config.cacheDirectory });
const publish = backing.store.publish.bind(backing.store);
backing.store.publish = async (...args) => {
  if (mode === "loop") return await publish(...args);
  process.stdout.write("committed\n");
  return await new Promise<never>(() => {});
};
const executor = createExecutor({
  workspace,
  origin: backing.origin,
  store: backing.store,
  records: createDatabaseRecords({ db: backing.database.db, describeServer: backing.database.server }),
  children: pools.children("jit"),
  compile: pools.compile,
  tenant: workspace.id,
  describe: false,
  close: () => backing.close(),
});
setInterval(() => undefined, 2 ** 30);
for (let n = Number(process.argv[6] ?? 1); ; n += 1) {
  await executor.write({ "a.ts": `export default ${n};`, "deep/b.ts": `export default ${n};` });
  process.stdout.write(`${n}\n`);
}
