// Settings of a workspace through the bins: shown, set, enforced in the next run, taken back.
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { commandLine, type CommandLine } from "../support/command-line.ts";
import { freshDatabase, freshRedis, type Fresh } from "../support/servers/fresh.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const FILES = {
  "big.ts": 'import { workflow } from "bifrost";\nexport default workflow(async () => "x".repeat(2000));\n',
  "slow.ts": 'import { workflow } from "bifrost";\nexport default workflow(async () => { await new Promise(() => {}); });\n',
  "talks.ts":
    'import { workflow } from "bifrost";\nexport default workflow(async () => { for (let i = 0; i < 5; i += 1) console.log(i); return typeof WebAssembly; });\n',
};

describe("settings of a stored workspace", () => {
  let shell: CommandLine;
  const servers: Fresh[] = [];
  beforeAll(async () => {
    const [database, redis] = [await freshDatabase(), await freshRedis()];
    servers.push(database, redis);
    shell = await commandLine({ DATABASE_URL: database.url, REDIS_URL: redis.url });
    using directory = temporaryDirectory(FILES);
    for (const args of [["init"], ["push", directory.path]]) {
      const { code, stderr } = await bifrost(args);
      if (code !== 0) throw new Error(stderr);
    }
  });
  afterAll(async () => {
    await shell[Symbol.asyncDispose]();
    for (const server of servers) await server[Symbol.asyncDispose]();
  });
  afterEach(() => bifrost(["workspace", "set", "all=default"]));

  const bifrost = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => shell.run("bifrost-executor", args, { env });
  const runs = async (...args: readonly string[]): Promise<unknown> => JSON.parse((await shell.run("run-workflow", [...args, "--json"])).stdout) as unknown;
  const shown = async (env: Readonly<Record<string, string>> = {}): Promise<unknown> =>
    (JSON.parse((await bifrost(["workspace", "show", "--json"], env)).stdout) as { settings: unknown }).settings;

  it("show tells of every setting its value, who has set it, the default and the code", async () => {
    const lines = (await bifrost(["workspace", "show"])).stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(19);
    expect(lines[0]).toBe("timeout\t5m\tdefault\t5m\tERR_TIMEOUT_WALL\twall clock of a run");
    expect(await shown()).toMatchObject({
      memory: { value: 134_217_728, unit: "bytes", default: 134_217_728, own: false, code: "ERR_MEMORY_LIMIT" },
      modules: { value: 10_000, default: 10_000, own: false, code: "ERR_CLOSURE_TOO_LARGE" },
      tier: { value: "jit", default: "jit", own: false },
      maxRunning: { value: 0, default: 0, own: false },
      retentionDays: { value: 30, default: 30, own: false },
    });
  });

  it("what is set is shown, enforced in the next run, and taken back with default", async () => {
    expect(await runs("big.ts")).toMatchObject({ status: "Success" });
    const set = await bifrost(["workspace", "set", "resultBytes=1kb", "timeout=2s", "logLines=3"]);
    expect(set).toMatchObject({ code: 0, stderr: "" });
    expect(set.stdout.split("\n").map((line) => line.split("\t").slice(0, 4).join(" "))).toEqual([
      "timeout 2s workspace 5m",
      "resultBytes 1kb workspace 32mb",
      "logLines 3 workspace 10000",
      "",
    ]);
    expect(await runs("big.ts")).toMatchObject({ status: "Failed", error: { code: "ERR_RESULT_TOO_LARGE", details: { limit: 1024, amount: 2002 } } });
    expect(await runs("slow.ts")).toMatchObject({ status: "Timeout", error: { code: "ERR_TIMEOUT_WALL", details: { limit: 2000 } } });
    expect(await runs("talks.ts")).toMatchObject({ status: "Success", logs: { length: 4 } });
    expect(await runs("slow.ts", "--timeout", "3s")).toMatchObject({ error: { code: "ERR_INPUT_INVALID", details: { path: "--timeout" } } });

    expect((await bifrost(["workspace", "set", "resultBytes=default", "logLines=default", "--json"])).stdout).toContain('"timeout":{"value":2000,');
    expect(await runs("big.ts")).toMatchObject({ status: "Success" });
    expect((await bifrost(["workspace", "set", "all=default"])).code).toBe(0);
    expect(await shown()).toMatchObject({ timeout: { value: 300_000, own: false } });
  });

  it("a grant is there in the next run, and gone after it is taken back", async () => {
    expect(await runs("talks.ts")).toMatchObject({ result: "undefined" });
    await bifrost(["workspace", "set", "webAssembly=on"]);
    expect(await runs("talks.ts")).toMatchObject({ result: "object" });
    await bifrost(["workspace", "set", "webAssembly=default"]);
    expect(await runs("talks.ts")).toMatchObject({ result: "undefined" });
  });

  it("where one value is wrong, nothing is changed", async () => {
    for (const wrong of ["memory=1mb", "speed=9", "tier=fast", "timeout", "logLines=7"]) {
      const { code, stdout, stderr } = await bifrost(["workspace", "set", "logLines=5", wrong]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain(`error[ERR_INPUT_INVALID] UsageError: `);
      expect(stderr).toContain(wrong.split("=")[0]);
    }
    expect(await shown()).toMatchObject({ logLines: { value: 10_000, own: false } });
  });

  it("BIFROST_DEFAULTS holds for what the workspace has not set itself", async () => {
    await bifrost(["workspace", "set", "cpu=5s"]);
    const env = { BIFROST_DEFAULTS: "cpu=9s,timeout=8s" };
    expect(await shown(env)).toMatchObject({ cpu: { value: 5000, default: 9000, own: true }, timeout: { value: 8000, default: 8000, own: false } });
    const wrong = await bifrost(["workspace", "show"], { BIFROST_DEFAULTS: "cpu=9s,timeout=soon" });
    expect(wrong).toMatchObject({ code: 69, stdout: "" });
    expect(wrong.stderr).toContain('error[ERR_CONFIG_INVALID]: BIFROST_DEFAULTS: timeout is "soon"');
  });

  it("a workspace that there is not is not made", async () => {
    for (const args of [["show"], ["set", "cpu=5s"]]) {
      const { code, stderr } = await bifrost(["workspace", ...args, "--workspace", "nobody"]);
      expect(code).toBe(3);
      expect(stderr).toContain('There is no workspace named "nobody"');
    }
  });
});

it("what is set in the embedded database is there for the next command, and enforced", async () => {
  await using shell = await commandLine();
  using directory = temporaryDirectory(FILES);
  expect(await shell.run("bifrost-executor", ["workspace", "set", "resultBytes=1kb"])).toMatchObject({ code: 0, stderr: "" });
  expect(await shell.run("bifrost-executor", ["push", directory.path])).toMatchObject({ code: 0 });
  expect(await shell.run("run-workflow", ["big.ts"])).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("limit: 1 kb") as string });
});

it("BIFROST_DEFAULTS holds for --directory, and a run may only ask for less", async () => {
  await using shell = await commandLine({ BIFROST_DEFAULTS: "resultBytes=1kb,timeout=1s" });
  using directory = temporaryDirectory(FILES);
  const run = async (...args: readonly string[]): Promise<unknown> =>
    JSON.parse((await shell.run("run-workflow", [...args, "--directory", directory.path, "--json"])).stdout) as unknown;
  expect(await run("big.ts")).toMatchObject({ error: { code: "ERR_RESULT_TOO_LARGE" } });
  expect(await run("slow.ts")).toMatchObject({ error: { code: "ERR_TIMEOUT_WALL", details: { limit: 1000 } } });
  expect(await run("slow.ts", "--timeout", "2s")).toMatchObject({ error: { code: "ERR_INPUT_INVALID" } });
});
