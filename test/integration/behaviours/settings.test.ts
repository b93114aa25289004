// A harness over servers beside the settings that are stored there.
import { expect, it } from "vitest";
import { DEFAULT_SETTINGS } from "../../../src/settings.ts";
import { workflow } from "../../support/engine.ts";
import { useStoredWorld } from "../../support/stored-world.ts";

const world = useStoredWorld();
const FILES = { "wf.ts": workflow("return (() => { try { return (0, eval)('1 + 1'); } catch { return 'refused'; } })();") };

it("what a harness says of its workspace holds for that harness alone, and nothing of it is stored", async () => {
  const told = await world.harness({ workspace: "acme", files: FILES, limits: { resultBytes: 20 }, grants: { codeGeneration: true } });
  expect(await told.run("wf.ts")).toMatchObject({ status: "Success", result: 2 });
  expect(told.executor.workspace).toMatchObject({ name: "acme", limits: { resultBytes: 20 }, grants: { codeGeneration: true } });

  const plain = await world.harness({ workspace: "acme" });
  const { id: _id, name: _name, ...settings } = plain.executor.workspace;
  expect(settings).toEqual(DEFAULT_SETTINGS);
  expect(await plain.run("wf.ts")).toMatchObject({ status: "Success", result: "refused" });
});
