// What a network that is cut between a host and its servers leaves, whole and mended: a host that nobody hears of is taken
// for dead, and when it comes back it finds that out before it writes anything.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { expectNoLeaks } from "../support/leaks.ts";
import { followed, PAUSE, recorded, source, useFaultWorld, writeWorkflows } from "../support/service/fault-world.ts";

expectNoLeaks();
const world = useFaultWorld();

const BODY = `${PAUSE} for (let n = 1; n <= params.lines; n += 1) { ctx.log.info("line " + n); await pause(params.ms); } return params.lines;`;
const FILES = {
  "hello.ts": source("return `hello ${params.name}`;"),
  "slow.ts": source(BODY),
  "again.ts": source(BODY, `retry: { attempts: 5, backoff: "100ms" }, idempotent: true`),
};

async function running(name: string): Promise<number> {
  const rows = await world.rows("select e.id from executions e join hosts h on h.id = e.host_id where h.name = $1 and e.status = 'Running'", [name]);
  return rows.length;
}

async function everServed(name: string): Promise<number> {
  return (await world.rows("select e.id from executions e join hosts h on h.id = e.host_id where h.name = $1 and e.status = 'Success'", [name])).length;
}

it("a host that is cut off from PostgreSQL until others take it for dead: what it ran ends once, elsewhere or as Stuck, and it works again under the mended line", async () => {
  const { env, toDatabase } = await world.apart();
  const serve = await world.services.serve();
  const client = world.client(serve);
  await writeWorkflows(client, FILES);
  const lonely = await world.services.work({ env: { ...env, BIFROST_HOST_NAME: "lonely" } });
  const held = await Promise.all([
    client.executions.start("slow.ts", { lines: 30, ms: 100 }),
    client.executions.start("slow.ts", { lines: 500, ms: 100 }),
    client.executions.start("again.ts", { lines: 30, ms: 100 }),
  ]);
  await Promise.all(held.map(({ id }) => followed(client, id, ({ sequence }) => sequence === 3)));
  expect(await running("lonely")).toBe(3);
  toDatabase.cut();
  await world.services.work({ env: { BIFROST_HOST_NAME: "other" } });
  const ids = held.map(({ id }) => id);
  const { statuses } = await world.books(ids);
  expect(ids.map((id) => statuses.get(id))).toEqual(["Stuck", "Stuck", "Success"]);
  const before = await Promise.all(ids.map((id) => recorded(client, id)));
  toDatabase.mend();
  await lonely.says(/for dead/u);
  const next: string[] = [];
  await expect
    .poll(
      async () => {
        next.push((await client.executions.start("again.ts", { lines: 3, ms: 200 })).id);
        return await everServed("lonely");
      },
      { timeout: 25_000, interval: 100 },
    )
    .toBeGreaterThan(0);
  expect((await world.books(next)).counts).toEqual({ Success: next.length });
  await world.books(ids);
  expect(await Promise.all(ids.map((id) => recorded(client, id)))).toEqual(before);
}, 90_000);

it("a host whose lines to both servers are cut for a short while, silently and with a reset, ends all that it holds, and nothing is Stuck", async () => {
  const { env, toDatabase, toRedis } = await world.apart();
  const serve = await world.services.serve();
  const client = world.client(serve);
  await writeWorkflows(client, FILES);
  await world.services.work({ env: { ...env, BIFROST_HOST_NAME: "apart" } });
  await world.services.work({ env: { BIFROST_HOST_NAME: "other" } });
  const ids: string[] = [];
  let stopped = false;
  const isStopped = (): boolean => stopped;
  const starting = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!isStopped()) {
        ids.push((await client.executions.start("again.ts", { lines: 4, ms: 60 })).id);
        await sleep(100);
      }
    }),
  );
  for (const how of ["cut", "reset"] as const) {
    await expect.poll(() => running("apart"), { timeout: 10_000 }).toBeGreaterThan(0);
    toDatabase[how]();
    toRedis[how]();
    await sleep(2500);
    toDatabase.mend();
    toRedis.mend();
    await sleep(1500);
  }
  stopped = true;
  await starting;
  const { counts } = await world.books(ids);
  expect(counts).toEqual({ Success: ids.length });
  for (const id of ids) {
    const messages = (await recorded(client, id)).map(({ message }) => message);
    expect(messages.slice(-4)).toEqual(["line 1", "line 2", "line 3", "line 4"]);
  }
}, 90_000);

it("B28: cut off from Redis alone, a host ends what it runs with every line in the record, and what is followed elsewhere is told all of it", async () => {
  const { env, toRedis } = await world.apart();
  const serve = await world.services.serve();
  const client = world.client(serve);
  await writeWorkflows(client, FILES);
  await world.services.work({ env });
  const { id } = await client.executions.start("slow.ts", { lines: 60, ms: 60 });
  const following = followed(client, id);
  await followed(client, id, ({ sequence }) => sequence === 5);
  toRedis.cut();
  await world.books([id]);
  const expected = Array.from({ length: 60 }, (_, at) => `line ${at + 1}`);
  expect((await following).map(({ message }) => message)).toEqual(expected);
  expect((await recorded(client, id)).map(({ message }) => message)).toEqual(expected);
  toRedis.mend();
  expect(await client.executions.result((await client.executions.start("hello.ts", { name: "x" })).id)).toMatchObject({ result: "hello x" });
}, 60_000);
