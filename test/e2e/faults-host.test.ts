// What kill -9 of a process of the service leaves: every execution that was accepted has one end, and nothing that anybody
// was told is lost.
import { expect, it } from "vitest";
import { RpcFault, type FollowedLine } from "../../src/rpc/client.ts";
import { expectNoLeaks } from "../support/leaks.ts";
import { followed, PAUSE, recorded, source, useFaultWorld, writeWorkflows } from "../support/service/fault-world.ts";
import { lookInto } from "../support/stored-world.ts";
import type { ServiceProcess } from "../support/service/service-process.ts";

expectNoLeaks();
const world = useFaultWorld();

const FILES = {
  "hello.ts": source("return `hello ${params.name}`;"),
  "slow.ts": source(`${PAUSE} for (let n = 1; n <= params.lines; n += 1) { ctx.log.info("line " + n); await pause(params.ms); } return params.lines;`),
  "again.ts": source(
    `${PAUSE} for (let n = 1; n <= params.lines; n += 1) { ctx.log.info("line " + n); await pause(params.ms); } return params.lines;`,
    `retry: { attempts: 5, backoff: "100ms" }, idempotent: true`,
  ),
};

async function hostOf(id: string, processes: Readonly<Record<string, ServiceProcess>>): Promise<ServiceProcess> {
  const [row] = await world.rows("select h.name from executions e join hosts h on h.id = e.host_id where e.id = $1", [id]);
  const found = processes[String(row?.["name"])];
  if (found === undefined) throw new Error(`No process is the host of ${id}: ${JSON.stringify(row)}`);
  return found;
}

it("B31, B112: an execution whose host is killed is closed as Stuck with every line that a caller was told, and Redis lets go of it; where it may run twice it is run again; the next works", async () => {
  const serve = await world.services.serve();
  const [a, b] = await Promise.all(["a", "b"].map((name) => world.services.work({ env: { BIFROST_HOST_NAME: name } })));
  const client = world.client(serve);
  await writeWorkflows(client, FILES);
  const once = await client.executions.start("slow.ts", { lines: 1000, ms: 20 });
  const told: FollowedLine[] = [];
  let heardEnough = (): void => undefined;
  const enough = new Promise<void>((resolve) => (heardEnough = resolve));
  const following = followed(client, once.id, (line) => {
    told.push(line);
    if (told.length >= 10) heardEnough();
    return false;
  });
  await enough;
  const host = await hostOf(once.id, { a: a!, b: b! });
  // On the same host: those are taken away from it as well.
  const again: string[] = [];
  while (again.length < 1) {
    const { id } = await client.executions.start("again.ts", { lines: 40, ms: 50 });
    await followed(client, id, () => true);
    if ((await hostOf(id, { a: a!, b: b! })) === host) again.push(id);
  }
  await host.kill();
  const { statuses } = await world.books([once.id, ...again]);
  expect(statuses.get(once.id)).toBe("Stuck");
  for (const id of again) {
    expect(statuses.get(id)).toBe("Success");
    const lines = (await recorded(client, id)).map(({ message }) => message);
    expect(lines.slice(-40)).toEqual(Array.from({ length: 40 }, (_, at) => `line ${at + 1}`));
  }
  await following;
  expect(await recorded(client, once.id)).toEqual(told);
  expect(told.length).toBeGreaterThanOrEqual(10);
  expect(await client.executions.result(once.id)).toMatchObject({ status: "Stuck", logs: told });
  expect(await client.executions.run("hello.ts", { name: "x" })).toMatchObject({ status: "Success", result: "hello x" });
  using redis = lookInto(world.redis.url);
  // In seconds: whoever still reads may end.
  await expect
    .poll(async () => Promise.all((await redis.keys("bifrost:exec:*:logs")).map(async (key) => (await redis.pttl(key)) <= 10_000)))
    .not.toContain(false);
}, 60_000);

it("B112: under load, a host that is killed loses nothing: what may run twice succeeds, of the rest only what it held is Stuck", async () => {
  const serve = await world.services.serve();
  const [a] = await Promise.all(["a", "b"].map((name) => world.services.work({ env: { BIFROST_HOST_NAME: name } })));
  const client = world.client(serve);
  await writeWorkflows(client, FILES);
  const started = await Promise.all(
    Array.from({ length: 160 }, async (_, n) => {
      const workflow = n % 4 === 0 ? "slow.ts" : "again.ts";
      return { workflow, id: (await client.executions.start(workflow, { lines: 3, ms: 60 })).id };
    }),
  );
  await expect
    .poll(async () => Number((await world.rows("select count(*) from executions where status = 'Success'"))[0]!["count"]), { timeout: 20_000 })
    .toBeGreaterThan(20);
  await a!.kill();
  const { statuses } = await world.books(started.map(({ id }) => id));
  const ended = (workflow: string): string[] => started.filter((each) => each.workflow === workflow).map(({ id }) => String(statuses.get(id)));
  expect([...new Set(ended("again.ts"))]).toEqual(["Success"]);
  expect(ended("slow.ts").filter((status) => status !== "Success" && status !== "Stuck")).toEqual([]);
  expect(ended("slow.ts").filter((status) => status === "Stuck").length).toBeLessThanOrEqual(4);
  for (const { id, workflow } of started.filter(({ id: each }) => statuses.get(each) === "Success").slice(0, 40)) {
    const lines = (await recorded(client, id)).map(({ message }) => message);
    expect(lines.slice(-3), `${workflow} ${id}`).toEqual(["line 1", "line 2", "line 3"]);
  }
}, 60_000);

it("B112: where the process that answers callers is killed, what it ran itself is closed by another, what waited is run, and the other answers for all", async () => {
  const [dying, other] = await Promise.all(
    ["a", "b"].map((name) => world.services.serve({ args: ["--work"], env: { BIFROST_HOST_NAME: name, BIFROST_SLOTS: "2" } })),
  );
  const client = world.client(dying!);
  const there = world.client(other!);
  await writeWorkflows(client, FILES);
  const sync = Promise.allSettled([1, 2, 3].map(() => client.executions.run("slow.ts", { lines: 200, ms: 20 })));
  await expect.poll(async () => (await world.rows("select id from executions where status = 'Running'")).length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
  const waiting = await Promise.all(Array.from({ length: 10 }, () => client.executions.start("hello.ts", { name: "w" })));
  await dying!.kill();
  expect((await sync).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  await world.books(waiting.map(({ id }) => id));
  for (const { id } of waiting) expect(await there.executions.result(id)).toMatchObject({ status: "Success", result: "hello w" });
  expect(await there.executions.run("hello.ts", { name: "y" })).toMatchObject({ result: "hello y" });
}, 60_000);

it("B112: no write that was acknowledged is lost with the process that took it", async () => {
  const [dying, other] = await Promise.all([world.services.serve({ args: ["--work"] }), world.services.serve({ args: ["--work"] })]);
  const client = world.client(dying, { retries: 0 });
  const there = world.client(other);
  let acknowledged = 0;
  const writing = (async () => {
    for (let n = 1; ; n += 1) {
      await client.files.write({ "a.ts": `export default ${n};`, "wf.ts": `import a from "./a"; ${source("return a;")}`, "deep/b.ts": `export default ${n};` });
      acknowledged = n;
    }
  })();
  const fault = writing.catch((error: unknown) => error);
  await expect.poll(() => acknowledged, { timeout: 20_000 }).toBeGreaterThan(10);
  await dying.kill();
  expect(await fault).toBeInstanceOf(RpcFault);
  const { result } = await there.executions.run("wf.ts");
  expect([acknowledged, acknowledged + 1]).toContain(result);
  expect((await there.files.read("deep/b.ts")).content).toBe(`export default ${String(result)};`);
}, 60_000);
