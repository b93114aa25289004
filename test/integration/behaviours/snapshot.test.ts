// Which version a run sees (B20 to B23, B32), through real child processes over a real Redis and a real PostgreSQL.
import { randomUUID, randomUUIDv7 } from "node:crypto";
import { expect, it } from "vitest";
import { workflow } from "../../support/engine.ts";
import { during, useStoredWorld, waiting } from "../../support/stored-world.ts";

const world = useStoredWorld();

it("B20: an update during the run is invisible to it, also to a dynamic import that comes later", async () => {
  const files = {
    "wf.ts": waiting(`const late = await import("./late"); return [early, late.value, late.below];`, `import { value as early } from "./early";`),
    "early.ts": "export const value = 'early 1';",
    "late.ts": "export { value as below } from './below'; export const value = 'late 1';",
    "below.ts": "export const value = 'below 1';",
  };
  const harness = await world.harness({ files });
  const change = { "early.ts": "export const value = 'early 2';", "late.ts": "export const value = 'late 2', below = 'none';", "below.ts": null };
  const execution = await during(harness, { act: () => harness.write(change), again: () => harness.write(files) });
  expect(execution.result).toEqual(["early 1", "late 1", "below 1"]);
  expect((await harness.run("wf.ts", { waitMs: 0 })).result).toEqual(["early 2", "late 2", "none"]);
});

it("B20: a dynamic import of a module that is deleted during the run still finds it", async () => {
  const files = { "wf.ts": waiting(`return (await import(p.name ?? "./late")).default;`), "late.ts": "export default 'still here';" };
  const harness = await world.harness({ files });
  const execution = await during(harness, { act: () => harness.write({ "late.ts": null }), again: () => harness.write(files) });
  expect(execution).toMatchObject({ status: "Success", result: "still here" });
});

it("B20: a dynamic import does not see a module that is added during the run", async () => {
  const files = { "wf.ts": waiting(`return await import(["./la", "te"].join("")).catch((error: any) => error.message);`) };
  const harness = await world.harness({ files });
  const execution = await during(harness, { act: () => harness.write({ "late.ts": "export default 1;" }), again: () => harness.write({ "late.ts": null }) });
  expect(execution).toMatchObject({ status: "Success", result: expect.stringContaining("late") as string });
});

it("B20: an id that was begun elsewhere and comes again keeps its snapshot, whatever was written meanwhile", async () => {
  const workspace = randomUUID();
  const harness = await world.harness({ workspace, files: { "wf.ts": workflow("return 1;") } });
  const id = randomUUIDv7();
  const first = await harness.run("wf.ts", {}, { id: randomUUIDv7() });
  // A host took it from the queue, and died.
  await world.rows(
    "insert into executions (id, workspace_id, workflow, snapshot_id, status, input, started_at) values ($1, $2, 'wf.ts::default', $3, 'Running', '{}', now())",
    [id, harness.executor.workspace.id, first.snapshotId],
  );
  await harness.write({ "wf.ts": workflow("return 2;") });
  const other = await world.harness({ workspace });
  const again = await other.run("wf.ts", {}, { id });
  expect(again).toMatchObject({ id, status: "Success", result: 1, snapshotId: first.snapshotId });
  expect((await other.run("wf.ts")).result).toBe(2);
  expect(await other.run("wf.ts", {}, { id })).toEqual(again);
});

it("B20: of two that run one id at once, both keep to one snapshot and there is one record", async () => {
  const harness = await world.harness({ files: { "wf.ts": workflow("return p.n;") } });
  const id = randomUUIDv7();
  const both = await Promise.all([harness.run("wf.ts", { n: 1 }, { id }), harness.run("wf.ts", { n: 1 }, { id })]);
  expect(both[0]).toEqual(both[1]);
  expect(await world.rows("select status from executions where id = $1", [id])).toEqual([{ status: "Success" }]);
});

it("B21: the next execution sees an update, an added module and a deleted one, on this host and on another", async () => {
  const workspace = randomUUID();
  const harness = await world.harness({
    workspace,
    files: { "wf.ts": workflow("return value;", `import { value } from "./lib/value";`), "lib/value.ts": "export const value = 1;" },
  });
  const other = await world.harness({ workspace });
  for (const host of [harness, other]) expect((await host.run("wf.ts")).result).toBe(1);

  await harness.write({ "lib/value.ts": "export const value = 2;" });
  for (const host of [harness, other]) expect((await host.run("wf.ts")).result).toBe(2);

  await other.write({ "wf.ts": workflow("return [value, added];", `import { value } from "./lib/value"; import added from "./lib/added";`) });
  for (const host of [harness, other]) expect((await host.run("wf.ts")).error).toMatchObject({ code: "ERR_MODULE_NOT_FOUND" });
  await harness.write({ "lib/added.ts": "export default 'here now';" });
  for (const host of [harness, other]) expect((await host.run("wf.ts")).result).toEqual([2, "here now"]);

  await other.write({ "lib/value.ts": null });
  for (const host of [harness, other]) expect((await host.run("wf.ts")).error).toMatchObject({ code: "ERR_MODULE_NOT_FOUND" });
  await harness.write({ "lib/value/index.ts": "export const value = 3;" });
  for (const host of [harness, other]) expect((await host.run("wf.ts")).result).toEqual([3, "here now"]);
});

it("B21: a workflow that is added is found by name on the next execution, a deleted one no longer", async () => {
  const workspace = randomUUID();
  const [harness, other] = await Promise.all([world.harness({ workspace }), world.harness({ workspace })]);
  await expect(other.run("greet")).rejects.toMatchObject({ code: "ERR_WORKFLOW_NOT_FOUND" });
  await harness.write({ "wf.ts": `import { workflow } from "bifrost"; export default workflow({ name: "greet" }, async () => "hello");` });
  expect((await other.run("greet")).result).toBe("hello");
  await harness.write({ "wf.ts": null });
  await expect(other.run("greet")).rejects.toMatchObject({ code: "ERR_WORKFLOW_NOT_FOUND" });
  await expect(other.run("wf.ts")).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND" });
});

it("B22: two executions on either side of an update run side by side, each with its own version", async () => {
  const version = (n: number): Record<string, string> => ({
    "wf.ts": waiting(`ctx.log.info("ending"); return [here, (await import("./late")).default];`, `const here = ${n};`),
    "late.ts": `export default ${n};`,
  });
  const harness = await world.harness({ files: version(1) });
  const before = await harness.run("wf.ts", { waitMs: 0 });
  let second: Promise<unknown> | undefined;
  const first = await during(harness, {
    act: async () => {
      await harness.write(version(2));
      const begun = Promise.withResolvers<void>();
      second = harness.run("wf.ts", { waitMs: 400 }, { onLog: () => begun.resolve() });
      await begun.promise;
    },
    again: async () => {
      await second;
      await harness.write(version(1));
    },
  });
  expect(first).toMatchObject({ result: [1, 1], snapshotId: before.snapshotId });
  expect(await second).toMatchObject({ result: [2, 2] });
  expect(await second).not.toMatchObject({ snapshotId: before.snapshotId });
});

it("B23: a write of several files is seen whole or not at all, by runs that go on all the time on two hosts", async () => {
  const workspace = randomUUID();
  const files = (n: number): Record<string, string> => ({
    "a.ts": `export default ${n};`,
    "deep/er/b.ts": `export default ${n};`,
    "c.json": JSON.stringify({ n }),
    [`only-${n}.ts`]: `export default ${n};`,
  });
  const entry = workflow(
    "const late = await import('./late'); return [a, b, c.n, late.default, (await import(`./only-${a}`)).default];",
    `import a from "./a"; import b from "./deep/er/b"; import c from "./c.json";`,
  );
  const [writer, reader] = await Promise.all([
    world.harness({ workspace, files: { "wf.ts": entry, "late.ts": `export { default } from "./a";`, ...files(0) } }),
    world.harness({ workspace }),
  ]);
  const seen: unknown[] = [];
  const writing = new AbortController();
  async function runOn(harness: typeof reader): Promise<void> {
    while (!writing.signal.aborted) {
      const execution = await harness.run("wf.ts");
      seen.push(execution.result ?? execution.error);
    }
  }
  const running = [runOn(reader), runOn(reader), runOn(writer)];
  for (let n = 1; n <= 25; n += 1) await writer.write({ ...files(n), [`only-${n - 1}.ts`]: null });
  writing.abort();
  await Promise.all(running);
  for (const result of seen) expect(result).toEqual(Array.from({ length: 5 }, () => (result as unknown[])[0]));
  expect(new Set(seen.map((result) => (result as unknown[])[0])).size).toBeGreaterThan(1);
  expect((await reader.run("wf.ts")).result).toEqual([25, 25, 25, 25, 25]);
}, 60_000);

it("B32: an empty workspace is an empty snapshot: nothing is found in it, and nothing fails", async () => {
  const harness = await world.harness();
  expect(await harness.executor.files()).toEqual([]);
  expect(await harness.executor.moduleCache.getAllModulePaths()).toEqual([]);
  await expect(harness.run("wf.ts")).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND" });
  await harness.write({ "wf.ts": workflow("return 1;") });
  expect((await harness.run("wf.ts")).result).toBe(1);
  await harness.write({ "wf.ts": null });
  expect(await harness.executor.files()).toEqual([]);
  await expect(harness.run("wf.ts")).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND" });
});
