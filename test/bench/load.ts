// `node src/cli/launcher.mjs test/bench/load.ts`: the service under load, side by side with the harness in the same run.
//   --rounds N    5 where absent: harness and each service in turn
//   --window MS   how long each is measured in a round; 6000 where absent
//   --runs N      for the memory; 20000 where absent
//   --queued N    for two hosts of which one is killed; 2000 where absent
//   --only NAME   throughput, killed, large or memory; all where absent
//   --out FILE    where the JSON goes; .bench/load.json where absent
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { startServices } from "../support/service/service-process.ts";
import { startPostgres } from "../support/servers/postgres.ts";
import { startRedis } from "../support/servers/redis.ts";
import { initialised, type LoadWorld } from "./load-world.ts";
import { killedMidway } from "./load-killed.ts";
import { largeResult } from "./load-large.ts";
import { memoryOver } from "./load-memory.ts";
import { throughput } from "./load-throughput.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    window: { type: "string", default: "6000" },
    runs: { type: "string", default: "20000" },
    queued: { type: "string", default: "2000" },
    only: { type: "string" },
    out: { type: "string", default: ".bench/load.json" },
  },
});

const PARTS = {
  throughput: (world: LoadWorld) => throughput(world, { rounds: Number(values.rounds), windowMs: Number(values.window) }),
  killed: (world: LoadWorld) => killedMidway(world, Number(values.queued)),
  large: largeResult,
  memory: (world: LoadWorld) => memoryOver(world, Number(values.runs)),
};

const answers: Record<string, unknown> = { version: 1, node: process.versions.node, cores: availableParallelism() };
for (const [name, measure] of Object.entries(PARTS)) {
  if (values.only !== undefined && values.only !== name) continue;
  process.stderr.write(`${name} …\n`);
  await using postgres = await startPostgres();
  await using redis = await startRedis();
  const servers = await initialised({ databaseUrl: postgres.url, redisUrl: redis.url });
  await using services = await startServices({ BIFROST_LOG_LEVEL: "warn" });
  const { text, ...figures } = await measure({ services, servers });
  answers[name] = figures;
  process.stdout.write(`${text}\n\n`);
}
const out = resolve(values.out);
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, `${JSON.stringify(answers, undefined, 2)}\n`);
process.stderr.write(`The same as JSON: ${out}\n`);
