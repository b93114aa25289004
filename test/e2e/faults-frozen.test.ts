// Processes that stand still and go on: a host that others took for dead meanwhile, and servers that did not answer.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { expectNoLeaks } from "../support/leaks.ts";
import { followed, PAUSE, recorded, source, useFaultWorld, writeWorkflows } from "../support/service/fault-world.ts";

expectNoLeaks();
const world = useFaultWorld();

const BODY = `${PAUSE} for (let n = 1; n <= params.lines; n += 1) { ctx.log.info("line " + n); await pause(params.ms); } return params.lines;`;
const FILES = {
  "slow.ts": source(BODY),
  "again.ts": source(BODY, `retry: { attempts: 5, backoff: "100ms" }, idempotent: true`),
};

it("B112: a host that stood still until others took it for dead writes nothing of what it held when it goes on, and works under a new id", async () => {
  const serve = await world.services.serve();
  const client = world.client(serve);
  await writeWorkflows(client, FILES);
  const frozen = await world.services.work({ env: { BIFROST_HOST_NAME: "frozen" } });
  const [once, again] = await Promise.all(["slow.ts", "again.ts"].map(async (workflow) => (await client.executions.start(workflow, { lines: 60, ms: 50 })).id));
  await Promise.all([once!, again!].map((id) => followed(client, id, ({ sequence }) => sequence === 3)));
  const [before] = await world.rows("select id from hosts where name = 'frozen'");
  frozen.signal("SIGSTOP");
  const other = await world.services.work({ env: { BIFROST_HOST_NAME: "other" } });
  const { statuses } = await world.books([once!, again!]);
  expect([statuses.get(once!), statuses.get(again!)]).toEqual(["Stuck", "Success"]);
  const kept = await Promise.all([once!, again!].map((id) => recorded(client, id)));
  frozen.signal("SIGCONT");
  await frozen.says(/for dead/u);
  await other.kill();
  const next = await client.executions.run("slow.ts", { lines: 2, ms: 10 });
  expect(next.status).toBe("Success");
  const hostOf = async (): Promise<unknown> =>
    (await world.rows("select h.id, h.name from executions e join hosts h on h.id = e.host_id where e.id = $1 and h.id <> $2", [next.id, before?.["id"]]))[0]?.[
      "name"
    ];
  // It may take work before it has given a sign of life under the new id.
  await expect.poll(hostOf, { timeout: 5000 }).toBe("frozen");
  await world.books([once!, again!, next.id]);
  expect(await Promise.all([once!, again!].map((id) => recorded(client, id)))).toEqual(kept);
}, 90_000);

it("a PostgreSQL that stood still for longer than hosts wait for a sign of life has nobody taken for dead, and what ended meanwhile is recorded", async () => {
  const serve = await world.services.serve();
  await Promise.all([world.services.work(), world.services.work()]);
  const client = world.client(serve);
  await client.files.write(FILES);
  const ids = (await Promise.all(Array.from({ length: 6 }, () => client.executions.start("slow.ts", { lines: 40, ms: 50 })))).map(({ id }) => id);
  await Promise.all(ids.map((id) => followed(client, id, ({ sequence }) => sequence === 3)));
  await world.postgres.pause();
  await sleep(9000);
  await world.postgres.resume();
  const { counts } = await world.books(ids);
  expect(counts).toEqual({ Success: 6 });
  for (const id of ids) expect((await recorded(client, id)).length).toBe(40);
}, 90_000);
