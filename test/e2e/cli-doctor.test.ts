// `bifrost-executor doctor`, and the operator's minimum, through the bins.
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { chmodSync, chownSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LAYER_NAMES } from "../../src/process/hardening/layers.ts";
import { findTools } from "../../src/process/hardening/tools.ts";
import { commandLine, type CommandLine } from "../support/command-line.ts";
import { freshDatabase, freshRedis } from "../support/servers/fresh.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

interface Told {
  readonly servers: readonly { readonly name: string; readonly state: string }[];
  readonly layers: readonly { readonly name: string; readonly active: boolean }[];
}

const CLI = fileURLToPath(new URL("../../src/cli/", import.meta.url));
/** Of nobody. */
const OTHER_USER = 54_321;
const { setpriv } = findTools();
const canBeOther = process.getuid?.() === 0 && setpriv !== undefined;

let shell: CommandLine;
beforeAll(async () => {
  shell = await commandLine();
});
afterAll(async () => {
  await shell[Symbol.asyncDispose]();
});

describe("bifrost-executor doctor", () => {
  it("tells of every layer whether it is there, what it stops, and how it is applied or why it is not", async () => {
    const { stdout, code } = await shell.run("bifrost-executor", ["doctor"]);
    expect(code).toBe(0);
    for (const name of LAYER_NAMES) expect(stdout).toMatch(new RegExp(`^${name} +(?:active|absent) +against .+\\n +(?:by|because) .+$`, "m"));
  });

  it("tells programs the same, and whether the minimum is met", async () => {
    const { stdout } = await shell.run("bifrost-executor", ["doctor", "--json"]);
    const told = JSON.parse(stdout) as Told;
    expect(told).toMatchObject({ version: 1, node: expect.any(String) as string, v8: expect.any(String) as string, satisfied: true });
    expect(told.layers.map(({ name }) => name)).toEqual(LAYER_NAMES);
  });

  it("refuses a minimum that names no layer", async () => {
    const { stderr, code } = await shell.run("bifrost-executor", ["doctor"], { env: { BIFROST_REQUIRE: "everything" } });
    expect([code, stderr]).toEqual([69, expect.stringContaining('BIFROST_REQUIRE names "everything"')]);
  });

  it("looks at the servers a host would stand on, and says what to do about each that is not well", async () => {
    await using database = await freshDatabase();
    await using redis = await freshRedis();
    const env = { DATABASE_URL: database.url, REDIS_URL: redis.url };
    const empty = await shell.run("bifrost-executor", ["doctor"], { env });
    expect([empty.code, empty.stderr]).toEqual([69, expect.stringContaining("Not well: database")]);
    expect(empty.stdout).toMatch(/^database +broken +PostgreSQL [\d.]+.* lacks 0001-[^\n]+\n +Run `bifrost-executor init` against it\.$/mu);

    expect(await shell.run("bifrost-executor", ["init"], { env })).toMatchObject({ code: 0 });
    const { stdout, code } = await shell.run("bifrost-executor", ["doctor", "--json"], { env });
    const { servers } = JSON.parse(stdout) as Told;
    expect(code).toBe(0);
    expect(servers.map(({ name }) => name)).toEqual(["database", "clock", "queue", "secrets", "redis"]);
    expect(servers.filter(({ name }) => name !== "redis").map(({ state }) => state)).toEqual(["fine", "fine", "fine", "fine"]);
    // The tests' own Redis lets everybody do everything.
    expect(servers.at(-1)).toMatchObject({
      state: "doubtful",
      found: expect.stringContaining("flushall") as string,
      remedy: expect.stringContaining("user") as string,
    });
  });

  it("says what cannot be reached, and never with what password", async () => {
    const env = { DATABASE_URL: "postgres://bifrost:hunter2@127.0.0.1:1/bifrost", REDIS_URL: "redis://executor:hunter2@127.0.0.1:1" };
    const { code, stdout, stderr } = await shell.run("bifrost-executor", ["doctor"], { env });
    expect([code, stderr]).toEqual([69, expect.stringContaining("Not well: database, redis")]);
    expect(stdout).toMatch(/^database +broken +.*127\.0\.0\.1:1\/bifrost/mu);
    expect(stdout).toMatch(/^redis +broken +.*127\.0\.0\.1:1/mu);
    expect(stdout + stderr).not.toContain("hunter2");
  });

  // Only root can have its children be other users: for any other host that layer is lacking.
  it.runIf(canBeOther)("nothing starts below the minimum: doctor and run-workflow end with 69, and name layer, reason and remedy", () => {
    using home = temporaryDirectory({ "flows/ok.ts": 'import { workflow } from "bifrost";\nexport default workflow(async () => 1);\n' });
    chmodSync(home.path, 0o755);
    chownSync(home.path, OTHER_USER, OTHER_USER);
    const run = (bin: string, args: readonly string[], required: string): SpawnSyncReturns<string> =>
      spawnSync(
        setpriv ?? "",
        ["--reuid", String(OTHER_USER), "--regid", String(OTHER_USER), "--clear-groups", "--", process.execPath, join(CLI, bin), ...args],
        {
          env: { HOME: home.path, TMPDIR: home.path, BIFROST_REQUIRE: required },
          encoding: "utf8",
        },
      );
    const flow = ["--directory", join(home.path, "flows"), "ok.ts"];
    const doctor = run("bifrost-executor.mjs", ["doctor"], "environment,uid");
    expect([doctor.status, doctor.stderr]).toEqual([69, expect.stringContaining("BIFROST_REQUIRE asks for what cannot be had here: uid")]);
    const refused = run("run-workflow.mjs", flow, "environment,uid");
    expect([refused.status, refused.stderr]).toEqual([69, expect.stringMatching(/"uid"[\s\S]*the host does not run as root[\s\S]*as root/)]);
    const { status, stdout, stderr } = run("run-workflow.mjs", flow, "environment,descriptors");
    expect([status, stdout.trim(), stderr]).toEqual([0, "1", expect.any(String) as string]);
  });
});
