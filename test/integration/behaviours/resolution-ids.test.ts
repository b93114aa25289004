// Running by id (B16), over a real database: ids are what it gave.
import { expect, it } from "vitest";
import { workflow } from "../../support/engine.ts";
import { useStoredWorld } from "../../support/stored-world.ts";

const world = useStoredWorld();

it("B16: a UUID is the id of a workflow, and stays so when the file changes; one that is nobody's is not found", async () => {
  const harness = await world.harness({ files: { "wf.ts": workflow("return 1;") } });
  const [row] = await world.rows("select id from workflows where workspace_id = $1", [harness.executor.workspace.id]);
  const id = String(row?.["id"]);
  expect(await harness.run(id)).toMatchObject({ result: 1, workflow: "wf.ts::default" });
  await harness.write({ "wf.ts": workflow("return 2;") });
  expect(await harness.run(id)).toMatchObject({ result: 2 });
  await expect(harness.run("00000000-0000-7000-8000-000000000000")).rejects.toMatchObject({ code: "ERR_WORKFLOW_NOT_FOUND" });
});
