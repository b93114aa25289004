// What kill -9 of the processes that run author code leaves of the executions in them (B87, B112).
import { expect, it } from "vitest";
import { expectNoLeaks } from "../support/leaks.ts";
import { followed, PAUSE, recorded, source, useFaultWorld, writeWorkflows } from "../support/service/fault-world.ts";

expectNoLeaks();
const world = useFaultWorld();

const BODY = `${PAUSE} for (let n = 1; n <= params.lines; n += 1) { ctx.log.info("line " + n); await pause(params.ms); } return params.lines;`;
const FILES = {
  "hello.ts": source("return `hello ${params.name}`;"),
  "slow.ts": source(BODY),
  "again.ts": source(BODY, `retry: { attempts: 8, backoff: "50ms" }, idempotent: true`),
};

it("B87: an execution whose child is killed has failed as crashed, once, with every line that a caller was told, and its slot comes back", async () => {
  const serve = await world.services.serve({ args: ["--work"] });
  const client = world.client(serve);
  await writeWorkflows(client, FILES);
  const { id } = await client.executions.start("slow.ts", { lines: 1000, ms: 20 });
  const told = await followed(client, id, ({ sequence }) => sequence === 5);
  for (const room of serve.rooms()) process.kill(room, "SIGKILL");
  const { statuses } = await world.books([id]);
  expect(statuses.get(id)).toBe("Failed");
  const execution = await client.executions.result(id);
  expect(execution).toMatchObject({ status: "Failed", error: { code: "ERR_PROCESS_CRASH", name: "ProcessCrashError" } });
  expect((await recorded(client, id)).slice(0, 5)).toEqual(told);
  const next = await Promise.all(Array.from({ length: 8 }, (_, n) => client.executions.run("hello.ts", { name: n })));
  expect(next.map(({ result }) => result)).toEqual(Array.from({ length: 8 }, (_, n) => `hello ${n}`));
}, 60_000);

it("B112: under load, children that are killed take only what they held with them, and what may run twice succeeds", async () => {
  const serve = await world.services.serve();
  const [a, b] = await Promise.all([world.services.work(), world.services.work()]);
  const client = world.client(serve);
  await writeWorkflows(client, FILES);
  const started = await Promise.all(
    Array.from({ length: 100 }, async (_, n) => {
      const workflow = n % 2 === 0 ? "slow.ts" : "again.ts";
      return { workflow, id: (await client.executions.start(workflow, { lines: 3, ms: 40 })).id };
    }),
  );
  let killed = 0;
  const killing = setInterval(() => {
    const room = [a, b][killed % 2]!.rooms()[0];
    if (room === undefined || killed >= 12) return;
    killed += 1;
    process.kill(room, "SIGKILL");
  }, 150);
  const { statuses } = await world.books(started.map(({ id }) => id)).finally(() => clearInterval(killing));
  expect(killed).toBeGreaterThan(3);
  const failed: string[] = [];
  for (const { id, workflow } of started) {
    const status = statuses.get(id);
    if (status !== "Success") failed.push(`${workflow} ${status} ${(await client.executions.result(id)).error?.code}`);
  }
  expect([...new Set(failed)].filter((each) => each !== "slow.ts Failed ERR_PROCESS_CRASH")).toEqual([]);
  expect(failed.length).toBeLessThanOrEqual(killed);
  expect(await client.executions.run("hello.ts", { name: "x" })).toMatchObject({ status: "Success" });
}, 60_000);
