// The typed client, topic by topic, against a real service.
import { describe, expect, it } from "vitest";
import { forCaller } from "../../src/audience.ts";
import { createClient, resultOf, RpcFault, type Client, type Execution } from "../../src/rpc/client.ts";
import { useServedWorkspace } from "../support/served-workspace.ts";

const served = useServedWorkspace({
  "double.ts": `import { workflow, z } from "bifrost";\nexport default workflow({ name: "double", params: z.object({ n: z.number() }) }, async (p, ctx) => { ctx.log.info("doubling", p); return p.n * 2; });\n`,
  "fails.ts": `import { UserError, workflow } from "bifrost";\nexport default workflow(async (p: any) => { console.log("secret plan"); throw p.forUser ? new UserError("Try tomorrow") : new TypeError("inner detail"); });\n`,
  "waits.ts": `import { workflow } from "bifrost";\nexport default workflow(async () => { console.log("waiting"); await new Promise(() => {}); });\n`,
  "configured.ts": `import { config, workflow } from "bifrost";\nexport default workflow(async () => config.get("REGION"));\n`,
  "regions.ts": `import { dataProvider, z } from "bifrost";\nexport default dataProvider({ name: "regions" }, async () => [{ label: "North", value: "n" }]);\n`,
});

const { signal: never } = new AbortController();

async function all<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function faultOf(promise: Promise<unknown>): Promise<RpcFault> {
  const thrown: unknown = await promise.then(
    (value) => new Error(`It resolved to ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (thrown instanceof RpcFault) return thrown;
  throw thrown;
}

/** Knows the service by a new token. */
async function clientWith(...scopes: readonly ("execute" | "read" | "write" | "admin")[]): Promise<Client> {
  const { token } = await served.client.tokens.create({ name: scopes.join(" "), scopes: [...scopes] });
  return createClient({ url: served.service.url, token });
}

describe("executions", () => {
  it("are run, started, waited for, looked at and listed", async () => {
    const { executions } = served.client;
    expect(resultOf(await executions.run("double", { n: 21 }, { signal: never }))).toBe(42);
    const { id, status } = await executions.start("double.ts", { n: 4 });
    expect(["Pending", "Running", "Success"]).toContain(status);
    expect(resultOf(await executions.result(id))).toBe(8);
    expect(await executions.get(id)).toMatchObject({ id, status: "Success", input: { n: 4 }, workflow: "double.ts::default" });
    await executions.run("fails.ts");
    expect((await all(executions.list({ status: ["Failed"] }))).map(({ workflow }) => workflow)).toEqual(["fails.ts::default"]);
    const pages = await all(executions.list({ limit: 1, workflow: "double.ts" }));
    expect(pages).toHaveLength(2);
    expect(await executions.validate("double", { n: "x" })).toMatchObject({ status: "Failed", error: { code: "ERR_INPUT_INVALID" } });
  });

  it("asked for twice with one key are one, and with another request a conflict", async () => {
    const { executions } = served.client;
    const [one, other] = await Promise.all([1, 2].map(() => executions.run("double", { n: 5 }, { idempotencyKey: "five" })));
    expect(one).toEqual(other);
    expect(await faultOf(executions.run("double", { n: 6 }, { idempotencyKey: "five" }))).toMatchObject({
      code: "ERR_IDEMPOTENCY_CONFLICT",
      status: 409,
      retryable: false,
    });
  });

  it("are followed and cancelled; a second cancellation says the same, and one that has ended is a conflict", async () => {
    const { executions } = served.client;
    const { id } = await executions.start("waits.ts");
    const messages: string[] = [];
    for await (const { message } of executions.logs(id)) {
      messages.push(message);
      expect((await executions.cancel(id)).id).toBe(id);
    }
    expect(messages).toEqual(["waiting"]);
    await executions.cancel(id);
    const envelope = await executions.result(id);
    expect(envelope).toMatchObject({ status: "Cancelled", error: { code: "ERR_CANCELLED" } });
    expect((await executions.logPage(id)).lines).toEqual(envelope.logs);
    const done = await executions.run("double", { n: 1 });
    expect(await faultOf(executions.cancel(done.id))).toMatchObject({ code: "ERR_EXECUTION_ENDED", status: 409 });
    expect(await faultOf(executions.cancel("01890000-0000-7000-8000-000000000000"))).toMatchObject({ code: "ERR_EXECUTION_NOT_FOUND", status: 404 });
  });

  it("go on when whoever waits for one goes away", async () => {
    const { executions } = served.client;
    const { id } = await executions.start("waits.ts");
    await expect(executions.result(id, { signal: AbortSignal.timeout(100) })).rejects.toMatchObject({ name: "TimeoutError" });
    expect(await executions.get(id)).toMatchObject({ status: "Running" });
    await executions.cancel(id);
  });

  it("B91: tell whoever is no admin of a failure only what is meant for callers", async () => {
    const caller = await clientWith("execute", "read");
    for (const input of [{ forUser: true }, { forUser: false }]) {
      const seen = await caller.executions.run("fails.ts", input);
      const whole = await served.client.executions.result(seen.id);
      expect(seen).toEqual(JSON.parse(JSON.stringify(forCaller(whole))) as Execution);
      expect(seen.error?.message === "Try tomorrow").toBe(input.forUser);
      expect(await all(caller.executions.logs(seen.id))).toEqual([]);
    }
  });
});

describe("the rest of a workspace", () => {
  it("files: written at once, read, read as a snapshot had them, moved and deleted", async () => {
    const { files, executions } = served.client;
    const { set } = await files.write({ "docs/a b.md": "one", "docs/c.bin": new Uint8Array([255, 0]) });
    expect(Object.keys(set).toSorted()).toEqual(["docs/a b.md", "docs/c.bin"]);
    const { snapshotId } = await executions.run("double", { n: 1 });
    expect(await files.read("docs/c.bin")).toMatchObject({ base64: "/wA=" });
    await files.write({ "docs/a b.md": "two" }, { expected: { "docs/a b.md": set["docs/a b.md"]! } });
    expect(await faultOf(files.write({ "docs/a b.md": "three" }, { expected: { "docs/a b.md": set["docs/a b.md"]! } }))).toMatchObject({
      code: "ERR_CONTENT_CHANGED",
    });
    expect((await files.read("docs/a b.md")).content).toBe("two");
    expect((await files.read("docs/a b.md", { snapshotId })).content).toBe("one");
    await files.move("docs/a b.md", "docs/d.md");
    expect((await files.list({ under: "docs" })).map(({ path }) => path)).toEqual(["docs/c.bin", "docs/d.md"]);
    expect((await files.readMany(["docs/d.md"]))[0]).toMatchObject({ content: "two" });
    await files.delete("docs/d.md");
    expect(await faultOf(files.read("docs/d.md"))).toMatchObject({ code: "ERR_PATH_NOT_FOUND", status: 404 });
  });

  it("workflows with the schema of their input, and what data providers offer", async () => {
    await expect.poll(async () => (await served.client.workflows.get("double")).parameters).toMatchObject({ properties: { n: { type: "number" } } });
    expect((await served.client.workflows.list({ kind: "workflow", active: true })).map(({ path }) => path)).toContain("double.ts");
    expect(await served.client.options("regions")).toMatchObject({ options: [{ label: "North", value: "n" }] });
  });

  it("configuration", async () => {
    const { config, executions } = served.client;
    await config.set("REGION", { name: "north" });
    expect(resultOf(await executions.run("configured.ts"))).toEqual({ name: "north" });
    expect(await config.list()).toMatchObject([{ key: "REGION", kind: "value", value: { name: "north" } }]);
    await config.delete("REGION");
    expect(resultOf(await executions.run("configured.ts"))).toBeNull();
  });

  it("schedules", async () => {
    const { schedules } = served.client;
    expect(await schedules.set("nightly", { workflow: "double", input: { n: 1 }, cron: "0 3 * * *", timeZone: "Europe/Berlin" })).toMatchObject({
      input: { n: 1 },
      enabled: true,
    });
    expect((await schedules.list()).map(({ name }) => name)).toEqual(["nightly"]);
    await schedules.delete("nightly");
    expect(await faultOf(schedules.get("nightly"))).toMatchObject({ status: 404 });
  });
});

describe("the service", () => {
  it("says that it is there to everybody, and more to whoever has a token", async () => {
    const stranger = createClient({ url: served.service.url });
    expect(await stranger.health()).toEqual({ status: "ok" });
    expect(await faultOf(stranger.ready())).toMatchObject({ code: "ERR_UNAUTHENTICATED", status: 401 });
    expect(await served.client.ready()).toMatchObject({ ready: true });
    expect(await served.client.metrics()).toContain("# TYPE");
    expect(await served.client.openapi()).toMatchObject({ openapi: expect.stringMatching(/^3\.1/) as string });
  });

  it("opens to a token what it is for, and one workspace where it is for one", async () => {
    const reader = await clientWith("read");
    expect(await faultOf(reader.executions.run("double", { n: 1 }))).toMatchObject({ code: "ERR_FORBIDDEN", status: 403 });
    await served.client.workspaces.set("other");
    const { token, id } = await served.client.tokens.create({ name: "of other", scopes: ["read", "write"], workspace: "other" });
    const other = createClient({ url: served.service.url, token });
    await other.files.write({ "only.md": "here" });
    expect((await other.files.list()).map(({ path }) => path)).toEqual(["only.md"]);
    expect(await faultOf(createClient({ url: served.service.url, token, workspace: "default" }).files.list())).toMatchObject({ code: "ERR_FORBIDDEN" });
    expect(await served.client.workspaces.list()).toEqual(["default", "other"]);
    expect((await served.client.tokens.list()).map(({ name }) => name)).toContain("of other");
    await served.client.tokens.delete(id);
    expect(await faultOf(other.files.list())).toMatchObject({ code: "ERR_UNAUTHENTICATED" });
  });
});
