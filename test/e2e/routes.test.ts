// One fixture set through every route over the same servers: harness, command line, RPC, and command line over the RPC.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import { initialise } from "../../src/initialise.ts";
import { createClient } from "../../src/rpc/client.ts";
import { closeSharedPools, createHarness } from "../../src/testing/index.ts";
import { commandLine } from "../support/command-line.ts";
import { LeakWatch } from "../support/leaks.ts";
import { routeFiles, routeFixtures, type RouteFixture } from "../support/route-fixtures.ts";
import { command, envelopeOf, lasting, lastingEvents, ofHarness, overRpc, toldToPeople, type RouteParts } from "../support/routes.ts";
import { freshDatabase, freshRedis } from "../support/servers/fresh.ts";
import { startServices } from "../support/service/service-process.ts";

const leaks = new LeakWatch({ mayStay: (text) => /esbuild/.test(text) });
const workspace = `routes ${randomUUID()} ü`;
const held = new AsyncDisposableStack();
let parts: RouteParts;

beforeAll(async () => {
  const [database, redis] = [held.use(await freshDatabase()), held.use(await freshRedis())];
  const servers = { DATABASE_URL: database.url, REDIS_URL: redis.url };
  await initialise(readConfig(servers));
  held.defer(closeSharedPools);
  const harness = held.use(await createHarness({ workspace, servers: { databaseUrl: database.url, redisUrl: redis.url } }));
  await harness.write(routeFiles);
  await harness.executor.settled();
  const services = held.use(await startServices(servers));
  const { url } = await services.serve({ args: ["--work"] });
  const client = createClient({ url, token: services.token, workspace });
  parts = { harness, shell: held.use(await commandLine()), client, workspace, servers, service: { BIFROST_URL: url, BIFROST_TOKEN: services.token } };
});

afterAll(async () => {
  await held.disposeAsync();
  await leaks.check();
  leaks.close();
});

describe("B94: harness, CLI, RPC and remote CLI give one envelope, and both CLIs tell people the same and leave with the same code, for", () => {
  it.for(routeFixtures)("$name", async (fixture) => {
    const [here, there, overHttp, inProcess] = await Promise.all([
      command(fixture, ["--json"], parts, "servers"),
      command(fixture, ["--json"], parts, "service"),
      overRpc(parts.client, fixture),
      fixture.harness === false ? undefined : ofHarness(parts.harness, fixture),
    ]);
    const first = envelopeOf(here);
    const ends = "status" in first ? first.status : "refused";
    expect({ ends, code: first.error?.code, exitCode: here.code }).toEqual({ ends: fixture.ends, code: fixture.code, exitCode: fixture.exitCode });
    expect(lasting(envelopeOf(there)), "remote CLI").toEqual(lasting(first));
    expect(lasting(overHttp), "RPC").toEqual(lasting(first));
    if (inProcess !== undefined) expect(lasting(inProcess), "harness").toEqual(lasting(first));
    // The same as without --json: that is for programs, and on stdout.
    expect(toldToPeople(there)).toEqual(toldToPeople(here));
  });
});

it("B86: what the command line runs over the servers is cancelled over the RPC, and says so", async () => {
  const running = command({ name: "", reference: "waits.ts", ends: "Cancelled", exitCode: 130 }, ["--json"], parts, "servers");
  const { executions } = parts.client;
  let id: string | undefined;
  const filter = { workflow: "waits.ts", status: ["Running" as const] };
  await expect.poll(async () => (id = (await executions.page(filter)).executions[0]?.id), { timeout: 10_000 }).toBeDefined();
  expect(await executions.cancel(id!)).toMatchObject({ id });
  const { code, stdout } = await running;
  expect(code).toBe(130);
  expect(JSON.parse(stdout)).toMatchObject({ id, status: "Cancelled", error: { code: "ERR_CANCELLED" } });
});

describe("B94: without --json, stdout holds the same and nothing else is different, whoever runs", () => {
  const chosen = new Set([
    "a result",
    "a result of undefined",
    "letters that databases and terminals choke on",
    "a result that says success: false",
    "a result of 5 MB",
    "workflows inside workflows",
    "an error with a cause",
    "a limit of wall-clock time",
    "a dry run",
    "a dry run with an input that does not fit",
    "a name that nothing has",
  ]);
  it.for(routeFixtures.filter(({ name }) => chosen.has(name)))("$name", async (fixture) => {
    const [here, there, forPrograms] = await Promise.all([
      command(fixture, [], parts, "servers"),
      command(fixture, [], parts, "service"),
      command(fixture, ["--json"], parts, "service"),
    ]);
    expect(toldToPeople(there)).toEqual(toldToPeople(here));
    expect(toldToPeople(forPrograms)).toEqual(toldToPeople(here));
    expect(here.code).toBe(fixture.exitCode);
    expect(there.stdout).toBe(here.stdout);
  });
});

describe("B94: the events of --jsonl are the same, whoever runs", () => {
  const chosen = new Set([
    "log lines of all levels, with data and errors",
    "workflows inside workflows",
    "a failure inside a workflow inside",
    "a name that nothing has",
    "a dry run",
  ]);
  it.for(routeFixtures.filter(({ name }) => chosen.has(name)))("$name", async (fixture: RouteFixture) => {
    const [here, there] = await Promise.all([command(fixture, ["--jsonl"], parts, "servers"), command(fixture, ["--jsonl"], parts, "service")]);
    expect(lastingEvents(there.stdout)).toEqual(lastingEvents(here.stdout));
  });
});
