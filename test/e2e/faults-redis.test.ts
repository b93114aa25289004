// What kill -9 and FLUSHALL of Redis leave of executions, over a service of real processes.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { expectNoLeaks } from "../support/leaks.ts";
import { followed, PAUSE, recorded, source, useFaultWorld } from "../support/service/fault-world.ts";
import { lookInto } from "../support/stored-world.ts";

expectNoLeaks();
const world = useFaultWorld();

const FILES = {
  "greeting.ts": "export const greeting = (name: string) => `hello ${name}`;",
  "hello.ts": `import { greeting } from "./greeting";\n${source("ctx.log.info('said'); return greeting(params.name);")}`,
  "slow.ts": source(`${PAUSE} for (let n = 1; n <= params.lines; n += 1) { ctx.log.info("line " + n); await pause(params.ms); } return params.lines;`),
};

function lines(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `line ${at + 1}`);
}

it("B28: an execution that runs while Redis is killed comes to its result, and who follows it is told every line once; B27: what begins meanwhile is refused as retryable", async () => {
  const serve = await world.services.serve({ args: ["--work"] });
  const client = world.client(serve);
  await client.files.write(FILES);
  const { id } = await client.executions.start("slow.ts", { lines: 60, ms: 50 });
  const following = followed(client, id);
  await followed(client, id, ({ sequence }) => sequence === 5);
  await world.redis.kill();
  const impatient = world.client(serve, { retries: 0 });
  for (const ask of [impatient.executions.run, impatient.executions.start]) {
    const refused = await ask("hello.ts", { name: "x" }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "ERR_REDIS_UNAVAILABLE", retryable: true });
  }
  await world.redis.start();
  const { statuses } = await world.books([id]);
  expect(statuses.get(id)).toBe("Success");
  expect((await following).map(({ message }) => message)).toEqual(lines(60));
  expect((await recorded(client, id)).map(({ message }) => message)).toEqual(lines(60));
  expect(await client.executions.run("hello.ts", { name: "y" })).toMatchObject({ result: "hello y" });
  // Live again: a line is there before the execution has ended.
  const next = await client.executions.start("slow.ts", { lines: 40, ms: 50 });
  await followed(client, next.id, () => true);
  expect((await client.executions.get(next.id)).status).toBe("Running");
  await client.executions.cancel(next.id);
}, 60_000);

it("B112: under load over two hosts, a Redis that is killed and comes back empty loses no execution and no line; what fails says that Redis was away", async () => {
  const serve = await world.services.serve();
  await Promise.all([world.services.work(), world.services.work()]);
  const client = world.client(serve, { retries: 0 });
  await client.files.write(FILES);
  const ids: string[] = [];
  const start = async (count: number): Promise<void> => {
    const all = await Promise.allSettled(Array.from({ length: count }, () => client.executions.start("slow.ts", { lines: 4, ms: 50 })));
    for (const each of all) {
      if (each.status === "fulfilled") ids.push(each.value.id);
      else expect(each.reason).toMatchObject({ code: "ERR_REDIS_UNAVAILABLE", retryable: true });
    }
  };
  await start(80);
  await expect.poll(async () => (await world.rows("select id from executions where status = 'Success'")).length, { timeout: 20_000 }).toBeGreaterThan(10);
  await world.redis.kill();
  await start(20);
  await sleep(1500);
  await world.redis.start();
  await start(40);
  expect(ids.length).toBeGreaterThanOrEqual(120);
  const { statuses } = await world.books(ids);
  for (const id of ids) {
    const execution = await client.executions.result(id);
    if (statuses.get(id) === "Success") expect(execution.logs.map(({ message }) => message)).toEqual(lines(4));
    else expect(execution).toMatchObject({ status: "Failed", error: { code: "ERR_REDIS_UNAVAILABLE" } });
  }
  const after = await Promise.all(Array.from({ length: 10 }, () => client.executions.run("hello.ts", { name: "z" })));
  expect(after.map(({ result }) => result)).toEqual(Array.from({ length: 10 }, () => "hello z"));
}, 60_000);

it("B29: Redis flushed again and again during 1,000 executions over two hosts: none fails", async () => {
  const serve = await world.services.serve();
  await Promise.all([world.services.work(), world.services.work()]);
  const client = world.client(serve);
  await client.files.write(FILES);
  using redis = lookInto(world.redis.url);
  let flushes = 0;
  const flushing = setInterval(() => void redis.flushall().then(() => (flushes += 1)), 100);
  const ids: string[] = [];
  try {
    for (let n = 0; n < 1000; n += 50) {
      ids.push(...(await Promise.all(Array.from({ length: 50 }, (_, at) => client.executions.start("hello.ts", { name: n + at })))).map(({ id }) => id));
    }
    const { counts } = await world.books(ids, { timeoutMs: 50_000 });
    expect(counts).toEqual({ Success: 1000 });
  } finally {
    clearInterval(flushing);
  }
  expect(flushes).toBeGreaterThan(10);
  for (const [at, id] of ids.entries()) {
    if (at % 50 === 0) expect(await client.executions.result(id)).toMatchObject({ result: `hello ${at}`, logs: [{ message: "said" }] });
  }
}, 90_000);
