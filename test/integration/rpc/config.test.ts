// Configuration over HTTP, with real servers: who may set it, what is told of it, and that a secret is in no answer, no log, no
// table and no key of Redis after executions had it in hand.
import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, describe, expect, it, vi } from "vitest";
import { configEntrySchema, configListSchema } from "../../../src/rpc/contract-config.ts";
import { databaseText, redisText } from "../../support/kept-text.ts";
import { useRpcWorld } from "../../support/rpc-world.ts";

vi.stubEnv("BIFROST_SECRETS_KEY", randomBytes(32).toString("base64"));
afterAll(() => vi.unstubAllEnvs());
const world = useRpcWorld();

const TOKEN = "tok_9f8e7d6c5b4a/+x";
const FORMS = [TOKEN, btoa(TOKEN), encodeURIComponent(TOKEN), Buffer.from(TOKEN).toString("hex")];
const FILES = {
  "wf.ts": `import { config, workflow, workflows } from "bifrost";
export default workflow(async (params: any, ctx) => {
  const token = await config.get("TOKEN");
  ctx.log.info("with " + token, { token });
  if (params.fail) throw new Error("no " + token);
  const inner = params.inner ? undefined : await workflows.execute("wf.ts", { inner: true, token });
  return { token, same: params.inner ? params.token === token : inner.token === token, ["k " + token]: await config.get<{ n: number }>("limits") };
});
`,
};

function expectNone(text: string): void {
  for (const form of FORMS) expect(text).not.toContain(form);
}

it("sets, tells of, lists and deletes plain values and secrets; no answer holds a secret", async () => {
  const workspace = await world.workspace(FILES);
  const ask = (method: string, key = "", body?: unknown) => world.ask(method, `/v1/config${key}`, { workspace, ...(body === undefined ? {} : { body }) });
  const value = { n: 1.5, list: [null, "x"] };
  const set = await ask("PUT", "/limits", { value });
  expect([set.status, set.body]).toMatchObject([200, { key: "limits", kind: "value", value, version: 1 }]);
  expect(configEntrySchema.parse(set.body)).toEqual(set.body);
  const secret = await ask("PUT", "/TOKEN", { secret: TOKEN, grantedTo: ["wf.ts", "a/"] });
  expect([secret.status, secret.body]).toMatchObject([200, { key: "TOKEN", kind: "secret", grantedTo: ["a/", "wf.ts"], version: 1 }]);
  expect((await ask("PUT", "/TOKEN", { grantedTo: ["wf.ts"] })).body).toMatchObject({ grantedTo: ["wf.ts"], version: 2 });
  expect((await ask("PUT", "/TOKEN", { secret: TOKEN })).body).toMatchObject({ grantedTo: ["wf.ts"], version: 3 });
  expect((await ask("PUT", "/TOKEN", { grant: ["a/", "b.ts"] })).body).toMatchObject({ grantedTo: ["a/", "b.ts", "wf.ts"], version: 4 });
  expect((await ask("PUT", "/TOKEN", { revoke: ["a/"] })).body).toMatchObject({ grantedTo: ["b.ts", "wf.ts"], version: 5 });
  const unknown = await ask("PUT", "/TOKEN", { revoke: ["a/"] });
  expect([unknown.status, unknown.body.code]).toEqual([400, "ERR_INPUT_INVALID"]);
  expect((await ask("PUT", `/${encodeURIComponent("a/b:c")}`, { value: false })).body).toMatchObject({ key: "a/b:c", value: false });
  const list = await ask("GET");
  expect(list.body.entries.map(({ key }: { key: string }) => key)).toEqual(["TOKEN", "a/b:c", "limits"]);
  expect(configListSchema.parse(list.body)).toEqual(list.body);
  const one = await ask("GET", "/TOKEN");
  expect(Object.keys(one.body).toSorted()).toEqual(["createdAt", "grantedTo", "key", "kind", "updatedAt", "version"]);
  expect((await ask("DELETE", "/limits")).status).toBe(204);
  const gone = await ask("GET", "/limits");
  expect([gone.status, gone.body.code]).toEqual([404, "ERR_CONFIG_NOT_FOUND"]);
  expect((await ask("DELETE", "/limits")).status).toBe(404);
  expectNone([set, secret, list, one].map(({ text }) => text).join());
});

it.each([
  ["a plain value over a secret", { value: "plain" }],
  ["null", { value: null }],
  ["nothing", {}],
  ["a grant and a revocation", { grant: ["a.ts"], revoke: ["b.ts"] }],
  ["a value and a secret", { value: 1, secret: "hidden-value" }],
  ["a value that is granted", { value: 1, grantedTo: ["*"] }],
  ["a secret that is no text", { secret: ["hidden-value"] }],
  ["a secret that is too short", { secret: "abc" }],
  ["a secret that is too long", { secret: "hidden-value".repeat(6000) }],
  ["a secret under a misspelt name", { secert: "hidden-value" }],
  ["a secret as the whole body", "hidden-value"],
  ["a body that is no JSON", `{"secret": "hidden-value`],
  ["a grant that can mean nothing", { secret: "hidden-value", grantedTo: ["tickets"] }],
])("B90: %s is refused with 400, changes nothing, and is repeated in no answer and no log", async (_what, body) => {
  const workspace = await world.workspace({});
  await world.ask("PUT", "/v1/config/TOKEN", { workspace, body: { secret: TOKEN, grantedTo: ["wf.ts"] } });
  const refused = await world.ask("PUT", "/v1/config/TOKEN", { workspace, body });
  expect([refused.status, refused.body.code]).toEqual([400, "ERR_INPUT_INVALID"]);
  const after = await world.ask("GET", "/v1/config/TOKEN", { workspace });
  expect(after.body).toMatchObject({ kind: "secret", grantedTo: ["wf.ts"], version: 1 });
  expect(refused.text + world.log.join()).not.toContain("hidden-value");
});

it("is for admins alone, each of the workspaces that their token opens", async () => {
  const [workspace, other] = [await world.workspace({}), await world.workspace({})];
  await world.ask("PUT", "/v1/config/K", { workspace: other, body: { value: "theirs" } });
  for (const scopes of [["execute"], ["read"], ["write"], ["execute", "read", "write"]] as const) {
    const token = await world.token(scopes, workspace);
    for (const [method, path, body] of [
      ["GET", "/v1/config", undefined],
      ["GET", "/v1/config/K", undefined],
      ["PUT", "/v1/config/K", { value: 1 }],
      ["DELETE", "/v1/config/K", undefined],
    ] as const)
      expect([(await world.ask(method, path, { workspace, token, ...(body && { body }) })).status, method, path, scopes]).toEqual([403, method, path, scopes]);
  }
  const admin = await world.token(["admin"], workspace);
  expect((await world.ask("PUT", "/v1/config/K", { token: admin, body: { value: 1 } })).status).toBe(200);
  expect((await world.ask("GET", "/v1/config", { token: admin, workspace: other })).status).toBe(403);
  expect((await world.ask("GET", "/v1/config/K", { workspace: other })).body.value).toBe("theirs");
  expect((await world.ask("GET", "/v1/config", { token: null })).status).toBe(401);
});

describe("executions over HTTP", () => {
  it("B89: have what was set; and afterwards a secret stands in no answer, no log line, no table, no key of Redis and not in the service's log", async () => {
    const workspace = await world.workspace(FILES);
    await world.ask("PUT", "/v1/config/limits", { workspace, body: { value: { n: 7 } } });
    await world.ask("PUT", "/v1/config/TOKEN", { workspace, body: { secret: TOKEN, grantedTo: ["wf.ts"] } });
    const texts: string[] = [];
    const sync = await world.ask("POST", "/v1/executions", { workspace, body: { workflow: "wf.ts", input: { given: TOKEN } } });
    expect(sync.body).toMatchObject({ status: "Success", result: { token: "[secret TOKEN]", same: true, "k [secret TOKEN]": { n: 7 } } });
    const waiting = await Promise.all(
      [{}, { fail: true }, { given: [TOKEN] }].map((input) =>
        world.ask("POST", "/v1/executions", { workspace, body: { workflow: "wf.ts", input, mode: "async" } }),
      ),
    );
    expect(waiting.map(({ status }) => status)).toEqual([202, 202, 202]);
    for (const { body } of waiting) {
      const stream = await world.open("GET", `/v1/executions/${body.id}/logs`, { workspace, headers: { accept: "text/event-stream" } });
      texts.push(await stream.text());
      for (const path of ["/result?waitMs=30000", "", "/logs"]) texts.push((await world.ask("GET", `/v1/executions/${body.id}${path}`, { workspace })).text);
    }
    texts.push(
      sync.text,
      (await world.ask("GET", `/v1/executions/${sync.body.id}`, { workspace })).text,
      (await world.ask("GET", "/v1/executions", { workspace })).text,
    );
    expect(texts.join()).toContain("no [secret TOKEN]");
    expectNone(texts.join());
    expectNone(world.log.join());
    expectNone(await databaseText(world.host.backing.database.db));
    const redis = new Redis(world.redisUrl);
    try {
      expectNone(await redisText(redis));
    } finally {
      redis.disconnect();
    }
  });

  it("B91: of a secret that was not granted, whoever may only execute learns nothing but that it failed; an admin is told the command", async () => {
    const workspace = await world.workspace(FILES);
    await world.ask("PUT", "/v1/config/TOKEN", { workspace, body: { secret: TOKEN } });
    const body = { workflow: "wf.ts" };
    const told = await world.ask("POST", "/v1/executions", { workspace, body });
    expect([told.body.error.name, told.body.error.message]).toEqual([
      "ConfigDeniedError",
      expect.stringContaining(`bifrost-executor config grant TOKEN wf.ts::default --workspace ${workspace}`),
    ]);
    const general = await world.ask("POST", "/v1/executions", { workspace, body, token: await world.token(["execute"], workspace) });
    expect([general.status, general.body.status]).toEqual([200, "Failed"]);
    expect(general.text).not.toMatch(/TOKEN|grant/);
  });

  it("B50: a validation has nothing of it", async () => {
    const workspace = await world.workspace({
      "top.ts": `import { config, workflow } from "bifrost"; const top = await config.get("TOKEN").catch((error: Error) => error.message); console.log(top); export default workflow(async () => top);`,
    });
    await world.ask("PUT", "/v1/config/TOKEN", { workspace, body: { secret: TOKEN, grantedTo: ["*"] } });
    const { body } = await world.ask("POST", "/v1/validate", { workspace, body: { workflow: "top.ts" } });
    expect([body.status, body.logs[0].message]).toEqual(["Success", expect.stringContaining("In a dry run")]);
  });
});
