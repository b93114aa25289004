// Two hosts over the same servers, as callers see them (B33, B86, B110, B111).
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Execution } from "../../src/rpc/client.ts";
import { descriptorsOf, networkSockets } from "../support/child-processes.ts";
import { expectNoLeaks } from "../support/leaks.ts";
import { followed, PAUSE, source, useFaultWorld } from "../support/service/fault-world.ts";
import type { ServiceProcess } from "../support/service/service-process.ts";

expectNoLeaks();
const world = useFaultWorld();

/** By this host itself: it has room, and nobody else need know. */
async function runBy({ url }: ServiceProcess): Promise<Execution> {
  const response = await fetch(`${url}/v1/executions`, {
    method: "POST",
    headers: { authorization: `Bearer ${world.services.token}`, "content-type": "application/json" },
    body: JSON.stringify({ workflow: "wf.ts" }),
  });
  return (await response.json()) as Execution;
}

it("B110, B111: a file saved through one host is run by both from the next execution on, and its result is in the database", async () => {
  const hosts = await Promise.all(["a", "b"].map((name) => world.services.serve({ args: ["--work"], env: { BIFROST_HOST_NAME: name } })));
  const clients = hosts.map((host) => world.client(host));
  const files = (version: number): Record<string, string> => ({
    "wf.ts": `import { version } from "./deep/version";\n${source(`ctx.log.info("v" + version); return [version, ${version}];`)}`,
    "deep/version.ts": `export const version = ${version};`,
  });
  for (let version = 1; version <= 20; version += 1) {
    const { warnings = [] } = (await clients[version % 2]!.files.write(files(version))) as { warnings?: unknown[] };
    expect(warnings).toEqual([]);
    const runs = await Promise.all(hosts.map((host) => runBy(host)));
    expect(runs.map(({ result }) => result)).toEqual([
      [version, version],
      [version, version],
    ]);
  }
  const rows = await world.rows(
    "select h.name, count(*)::int as runs from executions e join hosts h on h.id = e.host_id where e.status = 'Success' group by h.name order by 1",
  );
  expect(rows).toEqual([
    { name: "a", runs: 20 },
    { name: "b", runs: 20 },
  ]);
  const [last] = await world.rows("select result from executions order by queued_at desc, id desc limit 1");
  expect(last?.["result"]).toEqual([20, 20]);
}, 60_000);

it("B86: an execution is cancelled, followed and asked for through a host that does not run it", async () => {
  const serve = await world.services.serve();
  await world.services.work();
  const client = world.client(serve);
  await client.files.write({
    "loop.ts": source("ctx.log.info('begun'); for (;;) {}"),
    "slow.ts": source(`${PAUSE} ctx.log.info("begun"); await pause(60000);`),
  });
  for (const workflow of ["loop.ts", "slow.ts"]) {
    const { id } = await client.executions.start(workflow);
    await followed(client, id, () => true);
    const [first, second] = await Promise.all([client.executions.cancel(id), client.executions.cancel(id)]);
    expect(second.id).toBe(first.id);
    expect(await client.executions.result(id)).toMatchObject({ status: "Cancelled", logs: [{ message: "begun" }] });
    await expect(client.executions.cancel(id)).resolves.toMatchObject({ id });
  }
  await world.books([]);
}, 60_000);

it.runIf(process.platform === "linux")(
  "B33: the processes that run author code for the service hold none of its sockets, and nothing of its environment",
  async () => {
    const secrets = { BIFROST_SECRETS_KEY: Buffer.alloc(32, 7).toString("base64") };
    const [serve, work] = [await world.services.serve({ env: secrets }), await world.services.work({ env: secrets })];
    const client = world.client(serve);
    await client.files.write({ "slow.ts": source("ctx.log.info('begun'); await new Promise(() => {});") });
    const { id } = await client.executions.start("slow.ts");
    await followed(client, id, () => true);
    const rooms = work.rooms();
    expect(rooms).not.toEqual([]);
    const sockets = networkSockets();
    const holdsSockets = (process: number): boolean => descriptorsOf(process).some((target) => sockets.has(target));
    expect(holdsSockets(work.id)).toBe(true);
    expect(rooms.filter(holdsSockets)).toEqual([]);
    for (const room of rooms) {
      const environment = readFileSync(`/proc/${room}/environ`, "utf8");
      const held = ["DATABASE_URL", "REDIS_URL", "HOME", "BIFROST_", world.services.token, secrets.BIFROST_SECRETS_KEY, new URL(world.postgres.url).password];
      expect(held.filter((text) => environment.includes(text))).toEqual([]);
    }
    await client.executions.cancel(id);
  },
  60_000,
);
