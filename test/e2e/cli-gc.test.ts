// `bifrost-executor gc` through the bin, on servers and on the embedded database.
import pg from "pg";
import { expect, it } from "vitest";
import { commandLine } from "../support/command-line.ts";
import { freshDatabase, freshRedis } from "../support/servers/fresh.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const source = (text: string) => ({
  "wf.ts": `import { workflow } from "bifrost";\nexport default workflow(async () => { console.log("hi"); return ${JSON.stringify(text)}; });\n`,
});

async function aged(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`
      update snapshots set created_at = created_at - interval '61 days', used_at = used_at - interval '61 days';
      update head_history set at = at - interval '61 days';
      update trees set created_at = created_at - interval '61 days';
      update module_contents set created_at = created_at - interval '61 days';
      update compiled set created_at = created_at - interval '61 days';
      update executions set queued_at = queued_at - interval '61 days', finished_at = finished_at - interval '61 days';`);
  } finally {
    await client.end();
  }
}

it("tells what would go, then what went, and then that nothing is left to go", async () => {
  await using database = await freshDatabase();
  await using redis = await freshRedis();
  await using shell = await commandLine({ DATABASE_URL: database.url, REDIS_URL: redis.url });
  const bifrost = (...args: readonly string[]) => shell.run("bifrost-executor", args);
  expect(await bifrost("init")).toMatchObject({ code: 0 });
  for (const text of ["one", "two"]) {
    using directory = temporaryDirectory(source(text));
    expect(await bifrost("push", directory.path)).toMatchObject({ code: 0 });
    expect(await shell.run("run-workflow", ["wf.ts"])).toMatchObject({ code: 0, stdout: `"${text}"\n` });
  }
  await aged(database.url);

  const dry = JSON.parse((await bifrost("gc", "--dry-run", "--json")).stdout) as { dryRun: boolean; deleted: Record<string, { count: number; bytes: number }> };
  expect(dry).toMatchObject({ version: 1, dryRun: true, workspaces: 1, skipped: [], stopped: false });
  expect(dry.deleted).toMatchObject({
    executions: { count: 2 },
    logLines: { count: 2 },
    snapshots: { count: 2 },
    trees: { count: 1 },
    contents: { count: 1 },
    compiled: { count: 1 },
  });
  const { code, stdout, stderr } = await bifrost("gc");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe(
    Object.entries(dry.deleted)
      .map(([kind, { count, bytes }]) => `${kind}\t${count}\t${bytes}\n`)
      .join(""),
  );
  expect((await bifrost("gc", "--json")).stdout).not.toMatch(/"count":[1-9]/);
  expect(await shell.run("run-workflow", ["wf.ts"])).toMatchObject({ code: 0, stdout: '"two"\n' });

  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(`update workspaces set settings = '{"retentionDays":"long"}'`);
  await client.end();
  expect(await bifrost("gc")).toMatchObject({ code: 69, stderr: expect.stringContaining('warning: the workspace "default" was left as it is: ') as string });
});

it("needs no servers", async () => {
  await using shell = await commandLine();
  using directory = temporaryDirectory(source("one"));
  expect(await shell.run("bifrost-executor", ["push", directory.path])).toMatchObject({ code: 0 });
  const { code, stdout } = await shell.run("bifrost-executor", ["gc"]);
  expect({ code, lines: stdout.split("\n")[0] }).toEqual({ code: 0, lines: "executions\t0\t0" });
  expect(await shell.run("run-workflow", ["wf.ts"])).toMatchObject({ code: 0 });
  expect(await shell.run("bifrost-executor", ["gc", "--help"])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("usage: bifrost-executor gc") as string,
  });
});
