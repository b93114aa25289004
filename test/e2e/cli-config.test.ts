// `bifrost-executor config` through the bins: set, read by workflows, granted, taken back, and never shown.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Execution } from "../../src/completion.ts";
import { commandLine, type CommandLine, type StartOptions } from "../support/command-line.ts";
import { freshDatabase, freshRedis, type Fresh } from "../support/servers/fresh.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const SECRET = "sk_live_51HxQ2abcdef";
const newKey = (): string => randomBytes(32).toString("base64");
const key = newKey();
const FILES = {
  "wf.ts":
    'import { workflow, config } from "bifrost";\nexport default workflow(async () => { const token = await config.get("TOKEN"); console.log("has", token); return { token, limits: await config.get("limits") ?? null }; });\n',
};

describe("configuration of a stored workspace", () => {
  let shell: CommandLine;
  const servers: Fresh[] = [];
  beforeAll(async () => {
    const [database, redis] = [await freshDatabase(), await freshRedis()];
    servers.push(database, redis);
    shell = await commandLine({ DATABASE_URL: database.url, REDIS_URL: redis.url, BIFROST_SECRETS_KEY: key });
    using directory = temporaryDirectory(FILES);
    for (const args of [["init"], ["push", directory.path]]) {
      const { code, stderr } = await shell.run("bifrost-executor", args);
      if (code !== 0) throw new Error(stderr);
    }
  });
  afterAll(async () => {
    await shell[Symbol.asyncDispose]();
    for (const server of servers) await server[Symbol.asyncDispose]();
  });

  const config = (args: readonly string[], options: StartOptions = {}) => shell.run("bifrost-executor", ["config", ...args], options);
  const run = async (): Promise<Execution> => JSON.parse((await shell.run("run-workflow", ["wf.ts", "--json"])).stdout) as Execution;

  it("what is set is what workflows read; a secret only where it is granted, and nobody is shown it", async () => {
    expect((await run()).result).toEqual({ limits: null });
    expect((await config(["set", "limits", '{"retries": 3}'])).stdout).toMatch(/^limits\tvalue\t1\t\S+\t\{"retries":3\}\n$/);
    const set = await config(["set", "TOKEN", "--secret"], { input: `${SECRET}\n` });
    expect(set).toMatchObject({ code: 0, stderr: "no workflow may read TOKEN: bifrost-executor config grant TOKEN REF\n" });

    const denied = await shell.run("run-workflow", ["wf.ts"]);
    expect(denied.code).toBe(1);
    const command = /bifrost-executor (config grant .*)$/m.exec(denied.stderr)?.[1] ?? "";
    expect(command).toBe("config grant TOKEN wf.ts::default --workspace default");
    expect((await shell.run("bifrost-executor", command.split(" "))).code).toBe(0);

    const done = await run();
    expect(done).toMatchObject({ status: "Success", result: { token: "[secret TOKEN]", limits: { retries: 3 } }, logs: [{ message: "has [secret TOKEN]" }] });
    expect(await config(["get", "limits"])).toMatchObject({ code: 0, stdout: '{"retries":3}\n' });
    const refused = await config(["get", "TOKEN"]);
    expect(refused).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("TOKEN is a secret, and is not shown to anybody") as string });
    const list = await config(["list"]);
    expect(
      list.stdout.split("\n").map((line) =>
        line
          .split("\t")
          .filter((_, at) => at !== 3)
          .join(" "),
      ),
    ).toEqual(["TOKEN secret 2 wf.ts::default", 'limits value 1 {"retries":3}', ""]);
    expect(JSON.stringify([set, denied, done, refused, list, await config(["list", "--json"])])).not.toContain(SECRET);

    expect((await config(["revoke", "TOKEN", "wf.ts::default"])).code).toBe(0);
    expect((await run()).error?.name).toBe("ConfigDeniedError");
    expect((await config(["remove", "TOKEN", "limits"])).stdout).toBe("- TOKEN\n- limits\n");
    expect((await run()).result).toEqual({ limits: null });
    expect((await config(["get", "limits"])).code).toBe(3);
  });

  it("a secret is taken from a file, the environment or standard input, and never from the command line", async () => {
    const file = join(shell.home, "secret");
    writeFileSync(file, `${SECRET}\n`);
    for (const [source, options] of [
      [`@${file}`, {}],
      ["env:SOURCE", { env: { SOURCE: SECRET } }],
      ["-", { input: SECRET }],
    ] as const) {
      expect((await config(["set", "TOKEN", source, "--secret", "--to", "wf.ts"], options)).code).toBe(0);
      expect((await run()).result).toMatchObject({ token: "[secret TOKEN]" });
    }
    for (const args of [
      [SECRET, "--secret"],
      ["env:NOWHERE", "--secret"],
      ["@/nowhere", "--secret"],
      ["-", "--secret"],
      [SECRET, "--to", "wf.ts"],
    ]) {
      const { code, stdout, stderr } = await config(["set", "OTHER", ...args]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain("error[ERR_INPUT_INVALID] UsageError: ");
      expect(stderr).not.toContain(SECRET);
    }
    expect((await config(["get", "OTHER"])).code).toBe(3);
  });

  it("a plain value is JSON where it parses, else text, from the same places", async () => {
    for (const [args, options, stored] of [
      [["7"], {}, "7"],
      [["hello world"], {}, '"hello world"'],
      [['"-"'], {}, '"-"'],
      [["env:SOURCE"], { env: { SOURCE: "[1, 2]" } }, "[1,2]"],
      [[], { input: "from standard input\n" }, '"from standard input"'],
    ] as const) {
      expect((await config(["set", "plain", ...args], options)).code).toBe(0);
      expect((await config(["get", "plain"])).stdout).toBe(`${stored}\n`);
    }
    expect((await config(["set", "plain", "null"])).code).toBe(2);
  });

  it("rotates to a new key: with both nothing stops working, and with the old one alone it is told what is missing", async () => {
    await config(["set", "TOKEN", "-", "--secret", "--to", "*"], { input: SECRET });
    const added = newKey();
    const both = { env: { BIFROST_SECRETS_KEY: `${added},${key}` } };
    expect(await config(["rotate"], both)).toMatchObject({ code: 0, stderr: "1 secret encrypted anew, 0 under the first key already\n" });
    expect(JSON.parse((await config(["rotate", "--json"], both)).stdout)).toEqual({ version: 1, rotated: 0, current: 1, failed: [] });
    const old = await shell.run("run-workflow", ["wf.ts"]);
    expect(old).toMatchObject({ code: 69, stderr: expect.stringContaining("error[ERR_CONFIG_INVALID]") as string });
    expect(old.stderr).toContain("BIFROST_SECRETS_KEY");
    expect(await config(["rotate"])).toMatchObject({
      code: 69,
      stderr: expect.stringContaining("The stored secret TOKEN is encrypted with the key") as string,
    });
    expect((await shell.run("run-workflow", ["wf.ts"], { env: { BIFROST_SECRETS_KEY: added } })).code).toBe(0);
    for (const wrong of ["short", `${key},`, key.slice(2)]) {
      const { code, stderr } = await config(["list"], { env: { BIFROST_SECRETS_KEY: wrong } });
      expect([code, stderr.includes("error[ERR_CONFIG_INVALID]: BIFROST_SECRETS_KEY"), stderr.includes(key.slice(2, 20))]).toEqual([69, true, false]);
    }
    const without = await config(["set", "TOKEN", "--secret"], { input: SECRET, env: { BIFROST_SECRETS_KEY: "" } });
    expect(without).toMatchObject({ code: 69, stderr: expect.stringMatching(/make one with: openssl rand -base64 32/i) as string });
  });

  it("a workspace that there is not is not made", async () => {
    for (const args of [["list"], ["set", "A", "1"], ["grant", "A", "*"]]) {
      const { code, stderr } = await config([...args, "--workspace", "nobody"]);
      expect(code).toBe(3);
      expect(stderr).toContain('There is no workspace named "nobody"');
    }
  });
});

it("the embedded database keeps configuration for the next command; a run with --directory has what it is given alone", async () => {
  await using shell = await commandLine({ BIFROST_SECRETS_KEY: key });
  using directory = temporaryDirectory(FILES);
  await shell.run("bifrost-executor", ["config", "set", "limits", "5"]);
  await shell.run("bifrost-executor", ["config", "set", "TOKEN", "--secret", "--to", "*"], { input: SECRET });
  await shell.run("bifrost-executor", ["push", directory.path]);
  const stored = await shell.run("run-workflow", ["wf.ts"]);
  expect([JSON.parse(stored.stdout), stored.stderr]).toEqual([{ token: "[secret TOKEN]", limits: 5 }, expect.not.stringContaining(SECRET)]);
  const straight = await shell.run("run-workflow", ["wf.ts", "--directory", directory.path, "--secret", "TOKEN=env:SOURCE"], {
    env: { SOURCE: "given-value" },
  });
  expect(JSON.parse(straight.stdout)).toEqual({ token: "[secret TOKEN]", limits: null });
  expect(straight.stderr).not.toContain("given-value");
});
