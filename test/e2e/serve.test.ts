// `bifrost-executor serve` and `work` as an operator starts and ends them.
import { cpSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createClient, type Client, type Execution } from "../../src/rpc/client.ts";
import { commandLine, type CommandLine, type Ended } from "../support/command-line.ts";
import { expectNoLeaks } from "../support/leaks.ts";
import { freshDatabase, freshRedis } from "../support/servers/fresh.ts";
import { freePort } from "../support/servers/owned-process.ts";
import { startServices, type ServiceProcess, type Services } from "../support/service/service-process.ts";
import { temporaryDirectory, type TemporaryDirectory } from "../support/temporary-directory.ts";

expectNoLeaks();

const WAITS = `import { workflow } from "bifrost";
export default workflow({ name: "waits" }, async ({ ms }: any, ctx) => { ctx.log.info("begun"); await new Promise((r) => setTimeout(r, ms)); return "waited"; });`;
const REPEATABLE = WAITS.replace('{ name: "waits" }', '{ name: "repeatable", idempotent: true }');
const LONG = 600_000;

let template: TemporaryDirectory;
let shell: CommandLine;
let services: Services;
beforeAll(async () => {
  template = temporaryDirectory();
  await using once = await commandLine({ BIFROST_DATA: template.path });
  const { code, stderr } = await once.run("bifrost-executor", ["init"]);
  if (code !== 0) throw new Error(stderr);
});
afterAll(() => template[Symbol.dispose]());
beforeEach(async () => {
  shell = await commandLine();
  services = await startServices({ BIFROST_PROCESSES: "2", BIFROST_LOG_LEVEL: "debug" });
});
afterEach(async () => {
  await services[Symbol.asyncDispose]();
  await shell[Symbol.asyncDispose]();
});

/** Of a database that has been made already, which takes seconds. */
function madeDirectory(): TemporaryDirectory {
  const directory = temporaryDirectory();
  cpSync(join(template.path, "database"), join(directory.path, "database"), { recursive: true });
  return directory;
}

function clientOf({ url }: Pick<ServiceProcess, "url">): Client {
  return createClient({ url, token: services.token });
}

/** As a caller gets it: status and JSON. */
async function ask(
  url: string,
  options: { readonly token?: string; readonly body?: unknown } = {},
): Promise<{ status: number; json: Record<string, unknown> }> {
  const { token, body } = options;
  const response = await fetch(url, {
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    json: response.headers.get("content-type")?.includes("json") === true ? (JSON.parse(text) as Record<string, unknown>) : { text },
  };
}

/** Begins one, and resolves when it has said something. */
async function begin(client: Client, workflow: string): Promise<{ readonly id: string; readonly ended: Promise<Execution> }> {
  const { id } = await client.executions.start(workflow, { ms: LONG });
  for await (const _line of client.executions.logs(id)) break;
  return { id, ended: client.executions.result(id) };
}

async function isRunning(client: Client): Promise<boolean> {
  for await (const _one of client.executions.list({ status: ["Running"] })) return true;
  return false;
}

const linesOf = (said: string): Record<string, unknown>[] =>
  said
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("serve --embedded", () => {
  it("B110: answers with nothing else beside it, /health to everybody, the rest to who has a token; and logs one JSON object a line: where it is, what it stands on, each request and execution by id, and no token", async () => {
    using data = temporaryDirectory();
    const service = await services.serve({ args: ["--embedded", "--data", data.path] });
    expect(await ask(`${service.url}/health`)).toEqual({ status: 200, json: { status: "ok" } });
    for (const path of ["/ready", "/metrics", "/openapi.json", "/v1/executions", "/v1/workflows", "/nothing"]) {
      expect((await ask(service.url + path)).status, path).toBe(401);
      expect((await ask(service.url + path, { token: `${services.token}x` })).status, path).toBe(401);
    }
    const client = clientOf(service);
    await client.files.write({ "waits.ts": WAITS });
    const executed = await ask(`${service.url}/v1/executions`, { token: services.token, body: { workflow: "waits", input: { ms: 1 } } });
    expect(executed).toMatchObject({
      status: 200,
      json: { status: "Success", result: "waited", logs: [{ message: "begun" }] },
    });
    await ask(`${service.url}/v1/executions?token=${services.token}`, { token: services.token });
    expect((await ask(`${service.url}/metrics`, { token: services.token })).json["text"]).toContain('bifrost_executions_total{status="Success",code=""} 1');
    expect(await ask(`${service.url}/ready`, { token: services.token })).toMatchObject({ status: 200, json: { ready: true } });
    expect(await service.end()).toEqual({ code: 0, signal: null });

    const lines = linesOf(service.said);
    expect(lines).toContainEqual(
      expect.objectContaining({ level: "info", msg: "started", url: service.url, executions: 2, database: data.path, redis: "none" }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: "execution ended", executionId: executed.json["id"], workspace: "default", status: "Success" }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: "answered", route: "/v1/executions", status: 200, requestId: expect.stringMatching(/.{8}/u) as string }),
    );
    expect(lines.at(-1)).toMatchObject({ msg: "stopped" });
    expect(service.said).not.toContain(services.token);
  });

  it("keeps its directory for itself, which commands are told; on SIGTERM takes nothing more, lets what runs end and its caller have the answer, and exits with 0", async () => {
    using data = madeDirectory();
    const service = await services.serve({ args: ["--embedded", "--data", data.path] });
    const client = clientOf(service);
    await client.files.write({ "waits.ts": WAITS });
    const { code, stderr } = await shell.run("bifrost-executor", ["files", "ls"], { env: { BIFROST_DATA: data.path } });
    expect([code, stderr]).toEqual([69, expect.stringContaining(`--url ${service.url}`)]);
    const running = ask(`${service.url}/v1/executions`, { token: services.token, body: { workflow: "waits", input: { ms: 2000 } } });
    await until(() => isRunning(client));
    service.signal("SIGTERM");
    await service.says("stopping");
    expect(await ask(`${service.url}/v1/executions`, { token: services.token, body: { workflow: "waits" } })).toMatchObject({
      status: 503,
      json: { code: "ERR_EXECUTOR_CLOSED", retryable: true },
    });
    expect(await ask(`${service.url}/ready`, { token: services.token })).toMatchObject({ status: 503, json: { ready: false } });
    expect(await running).toMatchObject({ status: 200, json: { status: "Success", result: "waited" } });
    expect(await service.ended).toEqual({ code: 0, signal: null });
    expect(await shell.run("bifrost-executor", ["files", "ls"], { env: { BIFROST_DATA: data.path } })).toMatchObject({ code: 0 });
  });

  it("ends what takes longer than BIFROST_DRAIN: handed back to run again where its author allows it, failed where not; and at once at the second signal: that is closed when the directory is opened again", async () => {
    using data = madeDirectory();
    const args = ["--embedded", "--data", data.path];
    const service = await services.serve({ args, env: { BIFROST_DRAIN: "300ms" } });
    const client = clientOf(service);
    await client.files.write({ "waits.ts": WAITS, "repeatable.ts": REPEATABLE });
    const [once, again] = [await begin(client, "waits"), await begin(client, "repeatable")];
    const { host = "" } = await client.executions.get(again.id);
    once.ended.catch(() => undefined);
    again.ended.catch(() => undefined);
    expect(await service.end()).toEqual({ code: 0, signal: null });

    const second = await services.serve({ args });
    const next = clientOf(second);
    expect(await next.executions.result(once.id)).toMatchObject({ status: "Failed", error: { code: "ERR_EXECUTOR_CLOSED" } });
    await until(async () => (await next.executions.get(again.id)).status === "Running");
    // What was taken back before it could end is no attempt of its own.
    expect(await next.executions.get(again.id)).toMatchObject({ attempt: 1, host: expect.not.stringMatching(host) as string });
    await next.executions.cancel(again.id);

    const { id, ended } = await begin(next, "waits");
    ended.catch(() => undefined);
    second.signal("SIGINT");
    await second.says("stopping");
    await sleep(400);
    second.signal("SIGINT");
    expect(await second.ended).toEqual({ code: 130, signal: null });
    const third = clientOf(await services.serve({ args }));
    expect(await third.executions.result(id)).toMatchObject({ status: "Stuck" });
  });

  it("refuses to serve where no token opens it, says how to make one, and is content with one in its database", async () => {
    using data = madeDirectory();
    const args = ["--embedded", "--data", data.path, "--port", "0"];
    const refused = await shell.run("bifrost-executor", ["serve", ...args]);
    expect([refused.code, refused.stdout]).toEqual([69, ""]);
    expect(refused.stderr).toMatch(/No token opens this service yet[\s\S]*BIFROST_TOKEN[\s\S]*openssl rand -hex 32[\s\S]*bifrost-executor tokens create/u);
    const made = await shell.run("bifrost-executor", ["tokens", "create", "first", "--scopes", "admin"], { env: { BIFROST_DATA: data.path } });
    expect(made.code).toBe(0);
    const service = await services.serve({ args: ["--embedded", "--data", data.path], env: { BIFROST_TOKEN: "" } });
    expect((await ask(`${service.url}/ready`, { token: made.stdout.trim() })).status).toBe(200);
    expect((await ask(`${service.url}/ready`, { token: services.token })).status).toBe(401);
  });

  it("says of a port that is in use what to do, and ends with 69", async () => {
    using data = madeDirectory();
    const port = await freePort();
    const listener = createServer().listen(port, "127.0.0.1");
    try {
      const args = ["serve", "--embedded", "--data", data.path, "--port", String(port)];
      const { code, stderr } = await shell.run("bifrost-executor", args, { env: { BIFROST_TOKEN: services.token } });
      expect([code, stderr]).toEqual([69, expect.stringContaining(`The port ${port} of 127.0.0.1 is in use`)]);
      expect(stderr).toContain("--port");
    } finally {
      await new Promise((resolve) => listener.close(resolve));
    }
  });

  it("ends with the launcher that stands before it on an older Node, however that ends", async () => {
    using data = madeDirectory();
    const launched = shell.start("bifrost-executor", ["serve", "--embedded", "--data", data.path, "--port", "0"], { env: { BIFROST_TOKEN: services.token } });
    await launched.until("stderr", '"msg":"started"');
    const pid = Number(readFileSync(join(data.path, "lock-holder"), "utf8").split("\n")[0]);
    launched.process.kill("SIGKILL");
    await until(async () => stateOf(pid) === undefined);
    await launched.ended;
  });

  it("lets what runs end also where Ctrl-C reaches all processes of the group", async () => {
    using data = madeDirectory();
    const port = await freePort();
    const args = ["serve", "--embedded", "--data", data.path, "--port", String(port)];
    const launched = shell.start("bifrost-executor", args, { env: { BIFROST_TOKEN: services.token }, detached: true });
    await launched.until("stderr", '"msg":"started"');
    const client = clientOf({ url: `http://127.0.0.1:${port}` });
    await client.files.write({ "waits.ts": WAITS });
    const running = client.executions.run("waits", { ms: 1500 });
    await until(() => isRunning(client));
    process.kill(-(launched.process.pid ?? 0), "SIGINT");
    expect(await running).toMatchObject({ status: "Success", result: "waited" });
    expect((await launched.ended).code).toBe(0);
  });
});

describe("serve and work over servers", () => {
  it("B60: refuse a database that init has not prepared, and run after it", async () => {
    await using database = await freshDatabase();
    await using redis = await freshRedis();
    const env = { DATABASE_URL: database.url, REDIS_URL: redis.url };
    const early: Ended[] = await Promise.all([
      shell.run("bifrost-executor", ["serve", "--port", "0"], { env: { ...env, BIFROST_TOKEN: services.token } }),
      shell.run("bifrost-executor", ["work"], { env }),
    ]);
    for (const { code, stderr } of early) expect([code, stderr]).toEqual([69, expect.stringContaining("bifrost-executor init")]);

    const inits = await Promise.all([shell.run("bifrost-executor", ["init"], { env }), shell.run("bifrost-executor", ["init"], { env })]);
    expect(inits.map(({ code }) => code)).toEqual([0, 0]);
    const [api, host] = await Promise.all([services.serve({ env }), services.work({ env, args: ["--health-port", "0"] })]);
    const client = clientOf(api);
    await client.files.write({ "waits.ts": WAITS });
    expect(await client.executions.run("waits", { ms: 1 })).toMatchObject({ status: "Success", result: "waited" });
    const started = linesOf(host.said).find(({ msg }) => msg === "started");
    expect(started).toMatchObject({ executions: 2, redis: new URL(redis.url).host });

    const health = String(started?.["url"]);
    expect(await ask(`${health}/health`)).toEqual({ status: 200, json: { status: "ok" } });
    expect((await ask(`${health}/metrics`)).status).toBe(401);
    expect((await ask(`${health}/metrics`, { token: services.token })).json["text"]).toContain('bifrost_executions_total{status="Success",code=""} 1');
    expect((await ask(`${health}/v1/executions`, { token: services.token })).status).toBe(404);
    expect(await Promise.all([api.end(), host.end()])).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
  });

  it.each([
    [["serve"], {}, "DATABASE_URL is not set"],
    [["serve"], { DATABASE_URL: "postgres://a@127.0.0.1:1/b" }, "REDIS_URL is not set"],
    [["work"], { DATABASE_URL: "postgres://a@127.0.0.1:1/b" }, "REDIS_URL is not set"],
    [["work"], { REDIS_URL: "redis://127.0.0.1:1" }, "DATABASE_URL is not set"],
  ])("%j says what it needs, and what would do without", async (args, env, wanted) => {
    const { code, stderr } = await shell.run("bifrost-executor", args, { env: { BIFROST_TOKEN: services.token, ...env } });
    expect([code, stderr]).toEqual([69, expect.stringContaining(wanted)]);
    expect(stderr).toContain("serve --embedded");
  });

  it.each([
    [["serve", "--data", "x"], "--data is for --embedded"],
    [["serve", "--embedded", "--port", "70000"], "--port"],
    [["serve", "--embedded", "--host", "no host"], "--host"],
    [["work", "--health-port", "x"], "--health-port"],
  ])("%j is a mistake in usage", async (args, wanted) => {
    const { code, stderr } = await shell.run("bifrost-executor", args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(wanted)]);
  });

  it("tells in its help of every variable that it reads", async () => {
    for (const command of ["serve", "work"]) {
      const { stdout } = await shell.run("bifrost-executor", [command, "--help"]);
      for (const name of ["DATABASE_URL", "REDIS_URL", "BIFROST_DRAIN", "BIFROST_SLOTS", "BIFROST_LOG_LEVEL"]) expect(stdout, command).toContain(name);
    }
  });
});

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(50);
}

/** Undefined for one that is gone, or waits to be buried. */
function stateOf(pid: number): string | undefined {
  try {
    const state = /^\d+ \(.*\) (\w)/su.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
    return state === "Z" ? undefined : state;
  } catch {
    return undefined;
  }
}
