// The same fixture set where one process is all there is: the RPC of an embedded service, beside a harness in memory.
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient, type Client } from "../../src/rpc/client.ts";
import { closeSharedPools, createHarness, type Harness } from "../../src/testing/index.ts";
import { LeakWatch } from "../support/leaks.ts";
import { routeFiles, routeFixtures } from "../support/route-fixtures.ts";
import { lasting, ofHarness, overRpc } from "../support/routes.ts";
import { startServices } from "../support/service/service-process.ts";

const leaks = new LeakWatch({ mayStay: (text) => /esbuild/.test(text) });
const held = new AsyncDisposableStack();
let harness: Harness;
let client: Client;

beforeAll(async () => {
  const data = await mkdtemp(join(tmpdir(), `bifrost-data-${randomUUID().slice(0, 8)}-`));
  held.defer(() => rm(data, { recursive: true, force: true }));
  const services = held.use(await startServices({}));
  const { url } = await services.serve({ args: ["--embedded", "--data", data] });
  client = createClient({ url, token: services.token });
  await client.files.write(routeFiles);
  held.defer(closeSharedPools);
  harness = held.use(await createHarness({ files: routeFiles }));
});

afterAll(async () => {
  await held.disposeAsync();
  await leaks.check();
  leaks.close();
});

describe("B94: an embedded service and a harness in memory give one envelope for", () => {
  it.for(routeFixtures.filter((fixture) => fixture.harness !== false))("$name", async (fixture) => {
    expect(lasting(await overRpc(client, fixture))).toEqual(lasting(await ofHarness(harness, fixture)));
  });
});
