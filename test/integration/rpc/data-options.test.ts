// B93 over HTTP: what data providers offer, by a plain request and by the client, through the host.
import { expect, it } from "vitest";
import { createDataOptions } from "../../../src/data-options.ts";
import { createInProcessOptionsCache } from "../../../src/executions/options-cache.ts";
import { createClient } from "../../../src/rpc/client.ts";
import { optionsSchema } from "../../../src/rpc/contract-workflows.ts";
import { ADMIN, useRpcWorld } from "../../support/rpc-world.ts";

const world = useRpcWorld(() => ({ dataOptions: createDataOptions({ cache: createInProcessOptionsCache() }) }));

const FILES = {
  "choices.ts": `import { dataProvider } from "bifrost";\nexport default dataProvider({ name: "client choices", cache: "1h" }, (p: any) => [{ label: "One", value: p, metadata: { plan: "a" } }]);\n`,
  "wrong.ts": `import { dataProvider } from "bifrost";\nexport default dataProvider(() => [{ name: "One" }] as any);\n`,
  "wf.ts": `import { workflow } from "bifrost";\nexport default workflow(() => 1);\n`,
};

it("B93: gives options, from the cache where they are fresh, until they expire", async () => {
  const workspace = await world.workspace(FILES);
  const { executor } = await world.host.workspace(workspace);
  await executor.settled();
  const ask = (reference: string, input?: unknown) =>
    world.ask("POST", `/v1/data-providers/${encodeURIComponent(reference)}/options`, { workspace, body: { input } });
  const first = await ask("client choices", { b: 1, a: 2 });
  expect([first.status, optionsSchema.parse(first.body)]).toEqual([200, first.body]);
  expect(first.body).toMatchObject({ options: [{ label: "One", value: { b: 1, a: 2 }, metadata: { plan: "a" } }], cached: false });
  const again = await ask("choices.ts::default", { a: 2, b: 1 });
  expect(again.body).toEqual({ ...first.body, cached: true, expiresAt: again.body.expiresAt });
  expect(Date.parse(again.body.expiresAt)).toBeGreaterThan(Date.now());

  const client = createClient({ url: world.url, token: ADMIN, workspace });
  const options = await client.options("client choices", { a: 2, b: 1 });
  expect(options).toMatchObject({ cached: true });
  expect(await client.options("client choices")).toMatchObject({ options: [{ value: {} }], cached: false });
});

it("B93: one that fails is answered with its envelope, and what is none is refused", async () => {
  const workspace = await world.workspace(FILES);
  const path = "/v1/data-providers/wrong.ts/options";
  const failed = await world.ask("POST", path, { workspace, body: {} });
  expect([failed.status, failed.body.status, failed.body.error.code]).toEqual([200, "Failed", "ERR_RESULT_INVALID"]);
  expect(failed.body.error.details).toEqual({ path: "$[0].label", expected: "string", received: "undefined" });
  const caller = await world.ask("POST", path, { workspace, body: {}, token: await world.token(["execute"], workspace) });
  expect([caller.status, caller.body.error.code, caller.body.error.details]).toEqual([200, "ERR_RESULT_INVALID", undefined]);
  expect((await world.ask("POST", path, { workspace, body: {}, token: await world.token(["read"], workspace) })).status).toBe(403);
  for (const reference of ["wf.ts", "nobody"]) {
    expect((await world.ask("POST", `/v1/data-providers/${reference}/options`, { workspace, body: {} })).status).toBe(404);
  }
});
