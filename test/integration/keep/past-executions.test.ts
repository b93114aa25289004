// Past executions after a collection of garbage: one that is kept can be run again as it was, from cold caches; one that is not is refused by name.
import { expect, it } from "vitest";
import { readConfig } from "../../../src/config.ts";
import { collectGarbage } from "../../../src/keep/collect.ts";
import { createKeeper } from "../../../src/keep/keeper.ts";
import { openBacking } from "../../../src/open-stored.ts";
import { workflow } from "../../support/engine.ts";
import { useStoredWorld } from "../../support/stored-world.ts";

const world = useStoredWorld();
const TABLES = ["snapshots", "trees", "module_contents", "compiled"];

function files(version: string): Record<string, string> {
  return {
    "wf.ts": `import { said } from "./lib/said";\n${workflow("return said;")}`,
    "lib/said.ts": `import text from "./text.json";\nexport const said = text + " ${version}";\n`,
    "lib/text.json": `"in json ${version}"`,
  };
}

async function age(days: number): Promise<void> {
  const interval = `make_interval(days => ${days})`;
  for (const table of TABLES) await world.rows(`update ${table} set created_at = created_at - ${interval}`);
  await world.rows(`update snapshots set used_at = used_at - ${interval}`);
  await world.rows(`update head_history set at = at - ${interval}`);
  await world.rows(`update executions set queued_at = queued_at - ${interval}, started_at = started_at - ${interval}, finished_at = finished_at - ${interval}`);
}

async function withBacking<Result>(act: (backing: Awaited<ReturnType<typeof openBacking>>) => Promise<Result>): Promise<Result> {
  const backing = await openBacking({ ...world.servers, dataDirectory: "" });
  try {
    return await act(backing);
  } finally {
    await backing.close();
  }
}

async function collect(): Promise<void> {
  const { defaults } = readConfig({});
  await withBacking(({ database }) => collectGarbage({ database, defaults }));
}

it("an execution that is kept runs again on its snapshot, all of it from the database; one that is not kept is refused, and names what is wanted", async () => {
  const first = await world.harness({ workspace: "past", files: files("one") });
  const forgotten = await first.run("wf.ts");
  await first.write(files("two"));
  await age(40);
  const kept = await first.run("wf.ts");
  await first.write(files("three"));
  await age(25);
  await first.write(files("four"));
  await first.dispose();
  await collect();
  await world.redis.flushdb();

  const again = await world.harness({ workspace: "past" });
  const run = (snapshotId: string) => again.executor.run("wf.ts", "{}", { snapshotId });
  expect(await run(kept.snapshotId)).toMatchObject({ status: "Success", result: "in json two two", snapshotId: kept.snapshotId, modules: kept.modules });
  expect(await again.executor.sourceOf(kept, "lib/text.json")).toBe('"in json two"');
  expect(await again.executor.execution(kept.id)).toMatchObject({ result: "in json two two" });
  expect(await again.executor.resolve("lib/said.ts", kept.snapshotId)).toMatchObject({ snapshotId: kept.snapshotId });
  await expect(run(forgotten.snapshotId)).rejects.toMatchObject({ code: "ERR_INPUT_INVALID", details: { path: "snapshotId", received: forgotten.snapshotId } });
  await expect(again.executor.execution(forgotten.id)).rejects.toMatchObject({ code: "ERR_EXECUTION_NOT_FOUND" });
  expect(await again.executor.sourceOf(forgotten, "wf.ts")).toBeUndefined();
  expect(await again.run("wf.ts")).toMatchObject({ result: "in json four four" });
});

it("what is still in a cache and no longer in the database is not run on: it would be gone for whoever comes next", async () => {
  const harness = await world.harness({ workspace: "cached", files: files("one") });
  const forgotten = await harness.run("wf.ts");
  await harness.write(files("two"));
  await age(61);
  await collect();
  await expect(harness.executor.run("wf.ts", "{}", { snapshotId: forgotten.snapshotId })).rejects.toMatchObject({ code: "ERR_INPUT_INVALID" });
  // As an old state that is written again is there for everybody.
  await harness.write(files("one"));
  await world.redis.flushdb();
  const other = await world.harness({ workspace: "cached" });
  expect(await other.executor.run("wf.ts", "{}", { snapshotId: forgotten.snapshotId })).toMatchObject({ result: "in json one one" });
});

it("of all hosts one collects, once a day; what could not be done is tried again sooner", async () => {
  const { defaults } = readConfig({});
  await withBacking((one) =>
    withBacking(async (other) => {
      const said: string[] = [];
      const log = (message: string): void => void said.push(message);
      const keepers = [one, other, one].map(({ database }) => createKeeper({ database, defaults, log }));
      const reports = await Promise.all(keepers.map((keeper) => keeper.look()));
      expect(reports.filter((report) => report !== undefined)).toEqual([expect.objectContaining({ version: 1, stopped: false })]);
      expect(await keepers[1]?.look()).toBeUndefined();
      const [row] = await world.rows("select * from upkeep");
      expect(row).toMatchObject({
        name: "gc",
        report: expect.objectContaining({ version: 1, dryRun: false }) as unknown,
        ended_at: expect.any(Date) as unknown,
      });

      await world.rows("update upkeep set begun_at = begun_at - interval '24 hours'");
      await world.rows("alter table compiled rename to compiled_away");
      expect(await keepers[0]?.look()).toBeUndefined();
      expect(said).toEqual([expect.stringContaining("is tried again within the hour. The database at")]);
      await world.rows("alter table compiled_away rename to compiled");
      expect(await keepers[1]?.look()).toMatchObject({ version: 1 });
      for (const keeper of keepers) await keeper[Symbol.asyncDispose]();
      await world.rows("update upkeep set begun_at = begun_at - interval '24 hours'");
      expect(await keepers[2]?.look()).toBeUndefined();
    }),
  );
});

it("Redis needs no collecting: every key there has an end, but for those of HEAD, which are as many as there are files", async () => {
  await world.redis.flushdb();
  const harness = await world.harness({ workspace: "keys", files: files("one") });
  await harness.run("wf.ts");
  await harness.write(files("two"));
  await harness.run("wf.ts");
  await harness.executor.settled();
  const endless: string[] = [];
  for (const key of await world.redis.keys("*")) if ((await world.redis.pttl(key)) === -1) endless.push(key.replace(/^.*:module:/, ""));
  expect(endless.toSorted()).toEqual(["head", "index"]);
});
