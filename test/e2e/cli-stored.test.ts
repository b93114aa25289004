// Stored workspaces through the bins: init, push, files, run, on the embedded database and on a real PostgreSQL with a real Redis.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Execution } from "../../src/completion.ts";
import { commandLine, type CommandLine } from "../support/command-line.ts";
import { freshDatabase, freshRedis, type Fresh } from "../support/servers/fresh.ts";
import { temporaryDirectory, type TemporaryDirectory } from "../support/temporary-directory.ts";

const FILES = {
  "hello.ts": 'import { workflow } from "bifrost";\nimport { text } from "shared/text";\nexport default workflow({ name: "hello" }, async () => text);\n',
  "shared/text.ts": 'export const text = "one";\n',
  "notes.md": "# Notes\n",
  ".env": "SECRET=1\n",
  ".gitignore": "dist\n",
  "dist/out.js": "1;\n",
  "node_modules/x/index.js": "1;\n",
};

interface Setting {
  readonly shell: CommandLine;
  readonly servers: readonly Fresh[];
}

async function embedded(): Promise<Setting> {
  return { shell: await commandLine(), servers: [] };
}

async function onServers(): Promise<Setting> {
  const [database, redis] = [await freshDatabase(), await freshRedis()];
  return { shell: await commandLine({ DATABASE_URL: database.url, REDIS_URL: redis.url }), servers: [database, redis] };
}

describe.for([
  ["the embedded database", embedded],
  ["a real PostgreSQL and a real Redis", onServers],
] as const)("on %s", ([, open]) => {
  let setting: Setting;
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    setting = await open();
    directory = temporaryDirectory(FILES);
  });
  afterAll(async () => {
    directory[Symbol.dispose]();
    await setting.shell[Symbol.asyncDispose]();
    for (const server of setting.servers) await server[Symbol.asyncDispose]();
  });

  const bifrost = (...args: readonly string[]) => setting.shell.run("bifrost-executor", args);
  const runWorkflow = (...args: readonly string[]) => setting.shell.run("run-workflow", args);

  it("B60: init prepares it, twice at once, and exits with 0", async () => {
    const both = await Promise.all([bifrost("init"), bifrost("init", "--json")]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(JSON.parse(both[1].stdout)).toMatchObject({ version: 1, workspaces: 1, files: 0 });
    expect(both[0]).toMatchObject({ stdout: "", stderr: expect.stringContaining("0 files of 1 workspace in the cache") as string });
  });

  it("B59a: push makes the workspace equal to the directory and says what changed; --dry-run writes nothing", async () => {
    const added = "+ hello.ts\n+ notes.md\n+ shared/text.ts\n3 added, 0 changed, 0 removed, 0 moved, 0 unchanged";
    expect(await bifrost("push", directory.path, "--dry-run")).toMatchObject({ code: 0, stdout: `${added} (dry run: nothing was written)\n` });
    expect(await bifrost("files", "ls")).toMatchObject({ code: 0, stdout: "", stderr: "the workspace has no files\n" });
    expect(await bifrost("push", directory.path)).toMatchObject({ code: 0, stdout: `${added} (version 1)\n`, stderr: "" });
    const again = await bifrost("push", directory.path, "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ version: 1, workspace: "default", workspaceVersion: 1, added: [], changed: [], unchanged: 3 });
  });

  it("save, then run: the result is that of the files as they were saved", async () => {
    expect(await runWorkflow("hello", "-q")).toEqual({ code: 0, signal: null, stdout: '"one"\n', stderr: "" });
  });

  it("B21: the next run sees a change, and --keep leaves what the directory no longer has", async () => {
    directory.write({ "shared/text.ts": 'export const text = "two";\n', "more.ts": "export const more = = 1;\n" });
    const { code, stdout, stderr } = await bifrost("push", directory.path, "--keep");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "+ more.ts\n~ shared/text.ts\n1 added, 1 changed, 0 removed, 0 moved, 2 unchanged (version 2)\n" });
    expect(stderr).toBe("warning more.ts:1:21: Expression expected.\n");
    expect(await runWorkflow("hello", "-q")).toMatchObject({ code: 0, stdout: '"two"\n' });
  });

  it("files are listed, printed, moved and removed", async () => {
    const { stdout } = await bifrost("files", "ls");
    expect(stdout).toMatch(
      /^hello\.ts\tworkflow\t\d+\t[0-9a-f]{8}\nmore\.ts\tmodule\t25\t[0-9a-f]{8}\nnotes\.md\ttext\t8\t[0-9a-f]{8}\nshared\/text\.ts\tmodule\t27\t[0-9a-f]{8}\n$/u,
    );
    expect((await bifrost("files", "ls", "shared/")).stdout).toMatch(/^shared\/text\.ts\t[^\n]*\n$/u);
    expect(await bifrost("files", "cat", "notes.md")).toMatchObject({ code: 0, stdout: "# Notes\n" });
    expect(await bifrost("files", "rm", "more.ts")).toMatchObject({ code: 0, stdout: "- more.ts\n" });
    expect(await bifrost("files", "mv", "shared/text.ts", "shared/texts.ts")).toMatchObject({ code: 0, stdout: "> shared/text.ts -> shared/texts.ts\n" });
    expect(await runWorkflow("hello", "-q")).toMatchObject({
      code: 4,
      stdout: "",
      stderr: expect.stringContaining('Did you mean "shared/texts.ts"?') as string,
    });
    expect(await bifrost("files", "mv", "shared/texts.ts", "shared/text.ts")).toMatchObject({ code: 0 });
    expect(await runWorkflow("hello", "-q")).toMatchObject({ code: 0 });
  });

  it("B51: files ls --json shows what each file registers to be run, by an id that runs it and that moving keeps", async () => {
    type Listed = { readonly path: string; readonly executables: readonly { readonly id: string }[] };
    const listed = async (path: string): Promise<Listed | undefined> =>
      (JSON.parse((await bifrost("files", "ls", path, "--json")).stdout) as { readonly files: readonly Listed[] }).files[0];
    const hello = await listed("hello.ts");
    expect(hello?.executables).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/u) as string,
        name: "hello",
        kind: "workflow",
        exportName: "default",
        active: true,
        parameters: null,
        parametersReason: null,
        timeoutMs: null,
        retry: null,
      },
    ]);
    const id = hello?.executables[0]?.id ?? "";
    expect(await runWorkflow(id, "-q")).toMatchObject({ code: 0, stdout: '"two"\n' });
    await bifrost("files", "mv", "hello.ts", "moved.ts");
    expect((await listed("moved.ts"))?.executables).toMatchObject([{ id }]);
    await bifrost("files", "mv", "moved.ts", "hello.ts");
    expect((await listed("notes.md"))?.executables).toEqual([]);
  });

  it("what is not there is said with the nearest name, and the exit code 3; what cannot be done with 2", async () => {
    expect(await bifrost("files", "cat", "note.md")).toMatchObject({
      code: 3,
      stdout: "",
      stderr: expect.stringContaining('Did you mean "notes.md"?') as string,
    });
    expect(await bifrost("files", "ls", "nowhere")).toMatchObject({ code: 3 });
    expect(await bifrost("files", "rm", "notes.md", "nope.md")).toMatchObject({ code: 3 });
    expect(await bifrost("files", "cat", "notes.md")).toMatchObject({ code: 0 });
    expect(await bifrost("files", "rm", "shared")).toMatchObject({ code: 2, stderr: expect.stringContaining("--recursive") as string });
    expect(await bifrost("files", "mv", "notes.md", "hello.ts")).toMatchObject({ code: 2, stderr: expect.stringContaining("ERR_PATH_EXISTS") as string });
    expect(await runWorkflow("hello", "--workspace", "nobody")).toMatchObject({ code: 3 });
    expect(await bifrost("push", join(directory.path, "nowhere"))).toMatchObject({ code: 2 });
  });

  it("another workspace has files of its own, and is made by the first push to it", async () => {
    using other = temporaryDirectory({
      "hello.ts": 'import { workflow } from "bifrost";\nexport default workflow({ name: "hello" }, async () => "of the other");\n',
    });
    expect(await bifrost("push", other.path, "--workspace", "other", "--dry-run")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("1 added") as string,
    });
    expect(await runWorkflow("hello", "--workspace", "other")).toMatchObject({ code: 3 });
    expect(await bifrost("push", other.path, "--workspace", "other")).toMatchObject({ code: 0 });
    expect(await runWorkflow("hello", "--workspace", "other", "--json")).toMatchObject({ code: 0, stdout: expect.stringContaining("of the other") as string });
  });

  it("--watch runs again when somebody pushes, and ends with 130", async () => {
    const running = setting.shell.start("run-workflow", ["hello", "--watch"]);
    await running.until("stdout", '"two"\n');
    directory.write({ "shared/text.ts": 'export const text = "three";\n' });
    expect(await bifrost("push", directory.path, "-q")).toMatchObject({ code: 0 });
    await running.until("stdout", '"three"\n');
    await running.until("stderr", "waiting for changes in workspace default");
    running.process.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130, signal: null, stdout: '"two"\n"three"\n' });
  });

  it("B94: gives the same envelope as a run from the directory", async () => {
    const stored = JSON.parse((await runWorkflow("hello", "--json")).stdout) as Execution;
    const direct = JSON.parse((await runWorkflow("hello", "--json", "--directory", directory.path)).stdout) as Execution;
    const { status, result, logs, modules, snapshotId, workflow } = stored;
    expect({ status, result, logs, modules, workflow, snapshotId }).toEqual({
      status: direct.status,
      result: direct.result,
      logs: direct.logs,
      modules: direct.modules,
      workflow: direct.workflow,
      snapshotId: direct.snapshotId,
    });
  });
});

describe("the embedded database", () => {
  it("lies in the data directory of the user, readable by nobody else", async () => {
    await using shell = await commandLine();
    using directory = temporaryDirectory(FILES);
    expect(await shell.run("bifrost-executor", ["push", directory.path])).toMatchObject({ code: 0 });
    expect((await stat(join(shell.home, ".local/share/bifrost-executor"))).mode & 0o777).toBe(0o700);
    const elsewhere = join(shell.home, "elsewhere");
    expect(await shell.run("bifrost-executor", ["files", "ls"], { env: { BIFROST_DATA: elsewhere } })).toMatchObject({ code: 0, stdout: "" });
    expect((await stat(elsewhere)).mode & 0o777).toBe(0o700);
  });
});

describe("what is not there", () => {
  it("B60: a database that does not answer is exit code 1 of init, and 69 of everything else", async () => {
    await using shell = await commandLine({ DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" });
    expect(await shell.run("bifrost-executor", ["init"])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining("error[ERR_DATABASE_UNAVAILABLE]: The migration failed: ") as string,
    });
    const run = await shell.run("run-workflow", ["hello", "--json"]);
    expect(run.code).toBe(69);
    expect(JSON.parse(run.stdout)).toMatchObject({ version: 1, error: { code: "ERR_DATABASE_UNAVAILABLE" } });
  });

  it("B60, B27: a Redis that does not answer is exit code 2 of init, and 69 of a run", async () => {
    await using database = await freshDatabase();
    await using shell = await commandLine({ DATABASE_URL: database.url, REDIS_URL: "redis://127.0.0.1:1" });
    expect(await shell.run("bifrost-executor", ["init"])).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("error[ERR_REDIS_UNAVAILABLE]: Warming the cache failed: ") as string,
    });
    const run = await shell.run("run-workflow", ["hello"]);
    expect(run).toMatchObject({ code: 69, stdout: "", stderr: expect.stringContaining("error[ERR_REDIS_UNAVAILABLE]") as string });
  });

  it("a schema that init has not brought up to date is said, with what to do", async () => {
    await using database = await freshDatabase();
    await using shell = await commandLine({ DATABASE_URL: database.url });
    const { code, stderr } = await shell.run("run-workflow", ["hello"]);
    expect(code).toBe(69);
    expect(stderr).toContain("bifrost-executor init");
  });

  it("a setting that is wrong is exit code 69, and its value is not shown", async () => {
    await using shell = await commandLine({ DATABASE_URL: "mysql://user:secret@host/db" });
    const { code, stdout, stderr } = await shell.run("run-workflow", ["hello", "--json"]);
    expect(code).toBe(69);
    expect(stdout + stderr).not.toContain("secret");
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "ERR_CONFIG_INVALID", details: { setting: "DATABASE_URL" } } });
    expect(await shell.run("run-workflow", ["--help"])).toMatchObject({ code: 0 });
  });

  it("a home that cannot be written to is no obstacle to a run from a directory", async () => {
    await using shell = await commandLine();
    using directory = temporaryDirectory(FILES);
    // Below a device there can be no directory, not even for root.
    expect(
      await shell.run("run-workflow", ["hello", "-q", "--directory", directory.path], { env: { HOME: "/dev/null", XDG_CACHE_HOME: "/dev/null/cache" } }),
    ).toMatchObject({ code: 0, stdout: '"one"\n' });
  });
});
