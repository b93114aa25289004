// What a service has, from the command line: a real `serve --embedded` that holds the data directory, and the
// real bin beside it, which has a URL and a token and nothing else.
import { randomBytes } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient, type Client } from "../../src/rpc/client.ts";
import { commandLine, type CommandLine, type Ended } from "../support/command-line.ts";
import { LeakWatch } from "../support/leaks.ts";
import { modulesLoadedBy } from "../support/loaded-modules.ts";
import { freePort } from "../support/servers/owned-process.ts";
import { startServices, type ServiceProcess, type Services } from "../support/service/service-process.ts";
import { temporaryDirectory, type TemporaryDirectory } from "../support/temporary-directory.ts";

const HELLO = 'import { workflow } from "bifrost";\nexport default workflow({ name: "hello" }, async () => "hi");\n';

const leaks = new LeakWatch({ mayStay: (text) => /esbuild/.test(text) });
const held = new AsyncDisposableStack();
let services: Services;
let service: ServiceProcess;
let shell: CommandLine;
let client: Client;
let directory: TemporaryDirectory;

beforeAll(async () => {
  services = held.use(await startServices({ BIFROST_SECRETS_KEY: randomBytes(32).toString("base64") }));
  service = await services.serve({ args: ["--embedded"] });
  shell = held.use(await commandLine());
  client = createClient({ url: service.url, token: services.token });
  directory = temporaryDirectory({ "hello.ts": HELLO, "shared/text.ts": 'export const text = "one";\n', "data.bin": new Uint8Array([0, 255, 254]) });
  held.adopt(directory, (each) => each[Symbol.dispose]());
});
afterAll(async () => {
  await held.disposeAsync();
  await leaks.check();
  leaks.close();
});

function bifrost(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return shell.run("bifrost-executor", args, { env: { BIFROST_URL: service.url, BIFROST_TOKEN: services.token, ...env } });
}

function told({ stdout }: Ended): unknown {
  return JSON.parse(stdout) as unknown;
}

async function tokenFor(...scopes: readonly ("execute" | "read" | "write" | "admin")[]): Promise<string> {
  return (await client.tokens.create({ name: scopes.join(" and "), scopes: [...scopes] })).token;
}

const UNFIT: readonly (readonly [what: string, token: () => Promise<string>, code: number, said: RegExp])[] = [
  ["no token", async () => "", 2, /^error\[ERR_UNAUTHENTICATED\] UsageError: .*BIFROST_TOKEN is not set/],
  ["a token that is not known", async () => "0123456789abcdef0123456789", 2, /^error\[ERR_UNAUTHENTICATED\]/],
  ["a token that may only read", () => tokenFor("read"), 2, /^error\[ERR_FORBIDDEN\].*scope write/],
  ["a token that may only write", () => tokenFor("write"), 2, /^error\[ERR_FORBIDDEN\].*scope read/],
];

describe("push --url", () => {
  it("B59a: says what it would do and writes nothing, pushes, and the second time nothing is left to do", async () => {
    const args = ["push", directory.path, "--url", service.url];
    const lines = "+ data.bin\n+ hello.ts\n+ shared/text.ts\n3 added, 0 changed, 0 removed, 0 moved, 0 unchanged";
    expect(await bifrost([...args, "--dry-run"], { BIFROST_URL: "" })).toMatchObject({
      code: 0,
      stdout: `${lines} (dry run: nothing was written)\n`,
      stderr: "",
    });
    expect(await client.files.list()).toEqual([]);
    expect(await bifrost(args, { BIFROST_URL: "" })).toMatchObject({ code: 0, stdout: `${lines} (version 1)\n`, stderr: "" });
    expect(await bifrost(args)).toMatchObject({ code: 0, stdout: "0 added, 0 changed, 0 removed, 0 moved, 3 unchanged (version 1)\n" });
  });

  it("B51, B59a: an edit and a move are one version; the workflow keeps its id, and the next run sees both", async () => {
    const { id } = await client.workflows.get("hello.ts");
    await rename(join(directory.path, "hello.ts"), join(directory.path, "shared", "hello.ts"));
    await writeFile(join(directory.path, "shared", "text.ts"), "export const text = (;\n");
    const { code, stdout, stderr } = await bifrost(["push", directory.path]);
    expect([code, stdout]).toEqual([0, "~ shared/text.ts\n> hello.ts -> shared/hello.ts\n0 added, 1 changed, 0 removed, 1 moved, 1 unchanged (version 2)\n"]);
    expect(stderr).toMatch(/^warning shared\/text\.ts:1:22: /);
    expect(await client.workflows.get("hello")).toMatchObject({ id, path: "shared/hello.ts" });
    expect((await client.executions.run("shared/hello.ts")).result).toBe("hi");
  });

  it("B59a: --keep deletes nothing, and --json tells of all, as where the database is here", async () => {
    await rm(join(directory.path, "shared", "text.ts"));
    await writeFile(join(directory.path, "broken.ts"), "export const x = (;\n");
    const kept = told(await bifrost(["push", directory.path, "--keep", "--json"]));
    expect(kept).toEqual({
      version: 1,
      workspace: "default",
      workspaceVersion: 3,
      added: ["broken.ts"],
      changed: [],
      removed: [],
      moved: [],
      unchanged: 2,
      snapshotId: (await client.workspaces.current()).snapshotId,
      warnings: [expect.objectContaining({ path: "broken.ts", line: 1 })],
      diagnostics: [expect.objectContaining({ path: "broken.ts", line: 1, severity: "error" })],
      dryRun: false,
    });
    await rm(join(directory.path, "broken.ts"));
    const here = await shell.run("bifrost-executor", ["push", directory.path, "--workspace", "x", "--dry-run", "--json"]);
    const there = await bifrost(["push", directory.path, "--workspace", "x", "--dry-run", "--json"]);
    expect(told(there)).toEqual(told(here));
    expect(told(await bifrost(["push", directory.path, "--json"]))).toMatchObject({ removed: ["broken.ts", "shared/text.ts"], workspaceVersion: 4 });
  });

  it("makes the workspace where there is none, for an admin; a token of a workspace has its own", async () => {
    const write = await tokenFor("read", "write");
    const refused = await bifrost(["push", directory.path, "--workspace", "acme"], { BIFROST_TOKEN: write });
    expect([refused.code, refused.stdout]).toEqual([2, ""]);
    expect(refused.stderr).toMatch(/^error\[ERR_FORBIDDEN\]: There is no workspace named "acme", and only an admin of all can make it\. .*admin/);
    expect(await bifrost(["push", directory.path, "--workspace", "acme"])).toMatchObject({ code: 0 });
    const { token } = await client.tokens.create({ name: "acme", scopes: ["read", "write"], workspace: "acme" });
    expect(told(await bifrost(["push", directory.path, "--json"], { BIFROST_TOKEN: token }))).toMatchObject({ workspace: "acme", unchanged: 2 });
    const other = await bifrost(["push", directory.path, "--workspace", "other", "--dry-run"], { BIFROST_TOKEN: token });
    expect([other.code, other.stdout]).toEqual([2, ""]);
    expect(other.stderr).toMatch(/^error\[ERR_FORBIDDEN\]/);
  });

  it.for(UNFIT)("with %s nothing is written, and the fault has its exit code", async ([, token, code, said]) => {
    await using changed = new AsyncDisposableStack();
    await writeFile(join(directory.path, "more.txt"), "more");
    changed.defer(() => rm(join(directory.path, "more.txt")));
    const ended = await bifrost(["push", directory.path], { BIFROST_TOKEN: await token() });
    expect([ended.code, ended.stdout]).toEqual([code, ""]);
    expect(ended.stderr).toMatch(said);
    expect((await client.files.list()).map(({ path }) => path)).toEqual(["data.bin", "shared/hello.ts"]);
  });

  it("B91: where no service runs it says so, and with --json on stdout", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, stdout, stderr } = await bifrost(["push", directory.path, "--url", url, "--json"]);
    expect(code).toBe(69);
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, error: { code: "ERR_RPC_UNAVAILABLE" } });
    expect(stderr).toMatch(/^error\[ERR_RPC_UNAVAILABLE\]: .*does not answer/);
  });

  it("refuses what the service does not take at once, naming its limit and what can be done, and writes nothing", async () => {
    const block = randomBytes(1_000_000);
    using large = temporaryDirectory(Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`${index}.bin`, block])));
    const { code, stdout, stderr } = await bifrost(["push", large.path, "--workspace", "acme"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^error\[ERR_INPUT_TOO_LARGE\]: .*40\.\d mb as one request.*takes 40 mb; nothing was written.*--keep/);
    expect(told(await bifrost(["files", "ls", "--workspace", "acme", "--json"]))).toMatchObject({ files: [{ path: "data.bin" }, { path: "shared/hello.ts" }] });
  });
});

describe("files --url", () => {
  it("lists, prints, moves and removes, as where the database is here", async () => {
    const listed = await bifrost(["files", "ls", "shared", "--url", service.url]);
    expect(listed.stdout).toMatch(/^shared\/hello\.ts\tworkflow\t\d+\t[0-9a-f]{8}\n$/);
    const { id } = await client.workflows.get("hello");
    expect(told(await bifrost(["files", "ls", "--json"]))).toMatchObject({
      version: 1,
      workspace: "default",
      files: [
        { path: "data.bin", executables: [] },
        { path: "shared/hello.ts", executables: [{ id, name: "hello", kind: "workflow", exportName: "default", active: true, retry: null }] },
      ],
    });
    expect((await bifrost(["files", "cat", "shared/hello.ts"])).stdout).toBe(HELLO);
    expect(await bifrost(["files", "mv", "shared/hello.ts", "jobs/"])).toMatchObject({ code: 0, stdout: "> shared/hello.ts -> jobs/hello.ts\n" });
    expect((await client.workflows.get("hello")).id).toBe(id);
    expect(await bifrost(["files", "rm", "data.bin"])).toMatchObject({ code: 0, stdout: "- data.bin\n" });
    const absent = await bifrost(["files", "cat", "jobs/helo.ts"]);
    expect(absent).toMatchObject({ code: 3, stdout: "", stderr: expect.stringMatching(/^error\[ERR_PATH_NOT_FOUND\][^]*Did you mean "jobs\/hello\.ts"/) });
    const refused = await bifrost(["files", "rm", "jobs", "-r"], { BIFROST_TOKEN: await tokenFor("read") });
    expect(refused).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(/^error\[ERR_FORBIDDEN\]/) });
  });
});

describe("workspace --url", () => {
  it("shows and sets as where the database is here, all of it or nothing, and makes no workspace", async () => {
    const [there, here] = [await bifrost(["workspace", "show"]), await shell.run("bifrost-executor", ["workspace", "show"])];
    expect(there).toMatchObject({ code: 0, stdout: here.stdout });
    const set = await bifrost(["workspace", "set", "timeout=1m", "tier=jitless", "--workspace", "acme"]);
    expect(set.stdout).toMatch(/^timeout\t1m\tworkspace\t5m\t.*\ntier\tjitless\tworkspace\tjit\t/);
    expect(await bifrost(["workspace", "set", "timeout=2m", "webAssembly=on", "--workspace", "acme"])).toMatchObject({ code: 2, stdout: "" });
    expect(told(await bifrost(["workspace", "show", "--workspace", "acme", "--json"]))).toMatchObject({
      workspace: "acme",
      settings: { timeout: { value: 60_000, default: 300_000, own: true }, tier: { value: "jitless", own: true }, webAssembly: { own: false } },
    });
    expect((await bifrost(["workspace", "set", "all=default", "--workspace", "acme"])).stdout).not.toContain("\tworkspace\t");
    expect(await bifrost(["workspace", "set", "timeout=1m", "--workspace", "nowhere"])).toMatchObject({ code: 3, stdout: "" });
    expect(await client.workspaces.list()).not.toContain("nowhere");
  });
});

describe("config --url", () => {
  it("sets, grants, revokes, shows and removes; a secret is in nothing that is told", async () => {
    expect(await bifrost(["config", "set", "rates", '{"hour":95}'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^rates\tvalue\t1\t/) });
    expect((await bifrost(["config", "get", "rates"])).stdout).toBe('{"hour":95}\n');
    const secret = await bifrost(["config", "set", "KEY", "env:GIVEN", "--secret", "--json"], { GIVEN: "never-told-1234" });
    expect(told(secret)).toMatchObject({ workspace: "default", entries: [{ key: "KEY", kind: "secret", grantedTo: [] }] });
    expect((await bifrost(["config", "grant", "KEY", "jobs/", "a.ts"])).stdout).toMatch(/\ta\.ts, jobs\/\n$/);
    expect((await bifrost(["config", "revoke", "KEY", "a.ts"])).stdout).toMatch(/\tjobs\/\n$/);
    expect(await bifrost(["config", "get", "KEY"])).toMatchObject({ code: 2, stdout: "" });
    expect(secret.stdout + (await bifrost(["config", "list", "--json"])).stdout).not.toContain("never-told");
    const blind = await bifrost(["config", "list"], { BIFROST_TOKEN: await tokenFor("read", "write") });
    expect(blind).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(/^error\[ERR_FORBIDDEN\].*admin/) });
    expect(await bifrost(["config", "remove", "rates", "nothing"])).toMatchObject({ code: 3, stdout: "" });
    expect(await bifrost(["config", "remove", "rates", "KEY"])).toMatchObject({ code: 0, stdout: "- rates\n- KEY\n" });
  });
});

describe("tokens --url", () => {
  it("makes a token that works at once, lists it without what it is, and revokes it", async () => {
    const made = await bifrost(["tokens", "create", "nightly", "--scopes", "read", "--expires", "1d"]);
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^bfx_/), stderr: expect.stringContaining("shown this once") });
    const token = made.stdout.trim();
    expect(await bifrost(["files", "ls"], { BIFROST_TOKEN: token })).toMatchObject({ code: 0 });
    const listed = (await bifrost(["tokens", "list"])).stdout;
    expect(listed).toMatch(/\tnightly\tread\t\(all\)\t/);
    expect(listed).not.toContain(token.split("_")[2]);
    expect(await bifrost(["tokens", "revoke", token])).toMatchObject({ code: 0 });
    expect(await bifrost(["files", "ls"], { BIFROST_TOKEN: token })).toMatchObject({ code: 2, stdout: "" });
    expect(await bifrost(["tokens", "revoke", "0123456789ab"])).toMatchObject({ code: 2, stderr: expect.stringContaining("tokens list") });
    const { token: own } = await client.tokens.create({ name: "acme admin", scopes: ["admin"], workspace: "acme" });
    expect(await bifrost(["tokens", "create", "x", "--workspace", "default"], { BIFROST_TOKEN: own })).toMatchObject({ code: 2, stdout: "" });
  });
});

it.for([
  ["push", ["push", "."]],
  ["files", ["files", "ls"]],
  ["workspace", ["workspace", "show"]],
  ["config", ["config", "list"]],
  ["tokens", ["tokens", "list"]],
] as const)("%s --url loads nothing of the engine and no library", async ([, args]) => {
  const loaded = await modulesLoadedBy(shell, "bifrost-executor", { args, env: { BIFROST_URL: service.url, BIFROST_TOKEN: services.token } });
  expect(loaded).toContain("src/rpc/client-create.ts");
  const heavy =
    /^db\/|^src\/(executor|open|open-stored|execution|executions|isolate|snapshot|queue|process\/(?!hardening\/layers)|workspace\/(?!secret-keys|push|directory))\b/;
  expect(loaded.filter((path) => heavy.test(path))).toEqual([]);
  expect(loaded.filter((path) => path.startsWith("node_modules/") && !path.startsWith("node_modules/eventsource-parser/"))).toEqual([]);
});
