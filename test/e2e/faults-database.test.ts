// What kill -9 of PostgreSQL leaves: nothing that was acknowledged is lost, and nobody is taken for dead because the
// database was.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { expectNoLeaks } from "../support/leaks.ts";
import { followed, PAUSE, recorded, source, useFaultWorld } from "../support/service/fault-world.ts";

expectNoLeaks();
const world = useFaultWorld();

const FILES = {
  "hello.ts": source("return `hello ${params.name}`;"),
  "slow.ts": source(`${PAUSE} for (let n = 1; n <= params.lines; n += 1) { ctx.log.info("line " + n); await pause(params.ms); } return params.lines;`),
};

function lines(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `line ${at + 1}`);
}

it("B112: an execution that runs while PostgreSQL is killed ends with its result and all its lines once the database is back, however it ended meanwhile", async () => {
  const serve = await world.services.serve({ args: ["--work"] });
  const client = world.client(serve);
  await client.files.write(FILES);
  const [short, long] = await Promise.all([
    client.executions.start("slow.ts", { lines: 20, ms: 50 }),
    client.executions.start("slow.ts", { lines: 80, ms: 50 }),
  ]);
  const following = followed(client, long.id);
  await Promise.all([short, long].map(({ id }) => followed(client, id, ({ sequence }) => sequence === 3)));
  await world.postgres.kill();
  const refused = await world
    .client(serve, { retries: 0 })
    .executions.start("hello.ts", { name: "x" })
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "ERR_DATABASE_UNAVAILABLE", retryable: true });
  // The short one ends while there is nobody to tell.
  await sleep(2500);
  await world.postgres.start();
  const { counts } = await world.books([short.id, long.id]);
  expect(counts).toEqual({ Success: 2 });
  expect((await recorded(client, short.id)).map(({ message }) => message)).toEqual(lines(20));
  expect((await recorded(client, long.id)).map(({ message }) => message)).toEqual(lines(80));
  expect((await following).map(({ message }) => message)).toEqual(lines(80));
  expect(await client.executions.run("hello.ts", { name: "y" })).toMatchObject({ result: "hello y" });
}, 60_000);

it("B112: under load over two hosts, PostgreSQL killed for longer than hosts wait for a sign of life: every accepted execution ends once and none is Stuck, no acknowledged write is lost", async () => {
  const serve = await world.services.serve();
  await Promise.all([world.services.work(), world.services.work()]);
  const client = world.client(serve, { retries: 0 });
  await client.files.write(FILES);
  const accepted: string[] = [];
  let acknowledged = 0;
  let stopped = false;
  const isStopped = (): boolean => stopped;
  const starting = Promise.all(
    Array.from({ length: 8 }, async () => {
      while (!isStopped()) {
        await client.executions.start("slow.ts", { lines: 3, ms: 40 }).then(
          ({ id }) => accepted.push(id),
          () => sleep(200),
        );
        await sleep(100);
      }
    }),
  );
  const writing = (async () => {
    for (let n = 1; !isStopped(); n += 1) {
      await client.files.write({ "a.ts": `export default ${n};` }).then(
        () => (acknowledged = n),
        () => sleep(200),
      );
    }
  })();
  await sleep(2000);
  await world.postgres.kill();
  await sleep(7000);
  await world.postgres.start();
  await sleep(3000);
  stopped = true;
  await Promise.all([starting, writing]);
  expect(accepted.length).toBeGreaterThan(30);
  const { counts } = await world.books(accepted);
  expect(counts).toEqual({ Success: accepted.length });
  const { content = "" } = await client.files.read("a.ts");
  expect(Number(/\d+/.exec(content)?.[0])).toBeGreaterThanOrEqual(acknowledged);
}, 90_000);
