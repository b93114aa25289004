// How a caller names what is to run (B16).
import { expect, it } from "vitest";
import { useEngine } from "../../support/engine.ts";

const engine = useEngine();

const FILES = {
  "tickets.ts": `import { workflow } from "bifrost";\nexport default workflow({ name: "close-stale" }, async () => "default");\nexport const open = workflow(async () => "open");\nexport const plain = 1;\nexport function helper() {}`,
  "other.ts": `import { workflow, tool } from "bifrost";\nexport const twice = workflow(async () => 1);\nexport const look = tool({ name: "look-up" }, async () => "tool");`,
  "again/index.ts": `import { workflow } from "bifrost";\nexport const twice = workflow(async () => 2);\nexport default workflow(async () => "index");`,
};

it("B16: a path means its default export, `path::export` that export", async () => {
  const harness = await engine.harness({ files: FILES });
  expect(await harness.run("tickets.ts")).toMatchObject({ result: "default", workflow: "tickets.ts::default" });
  expect(await harness.run("tickets.ts::open")).toMatchObject({ result: "open", workflow: "tickets.ts::open" });
  expect((await harness.run("tickets")).result).toBe("default");
  expect((await harness.run("./again")).result).toBe("index");
});

it("B16: a name is that of workflow({ name }), else the export's", async () => {
  const harness = await engine.harness({ files: FILES });
  expect((await harness.run("close-stale")).workflow).toBe("tickets.ts::default");
  expect((await harness.run("open")).workflow).toBe("tickets.ts::open");
  expect((await harness.run("look-up")).result).toBe("tool");
});

it("B16: several of one name are ambiguous, with the candidates", async () => {
  const harness = await engine.harness({ files: FILES });
  await expect(harness.run("twice")).rejects.toMatchObject({
    code: "ERR_WORKFLOW_AMBIGUOUS",
    details: { candidates: ["again/index.ts::twice", "other.ts::twice"] },
  });
});

it("B16: an export that is missing fails as executable not found, and lists what the file exports", async () => {
  const harness = await engine.harness({ files: FILES });
  await expect(harness.run("tickets.ts::closed")).rejects.toMatchObject({
    code: "ERR_EXECUTABLE_NOT_FOUND",
    message: expect.stringContaining("It exports: default, open, plain, helper") as string,
  });
  await expect(harness.run("other.ts")).rejects.toMatchObject({ code: "ERR_EXECUTABLE_NOT_FOUND", details: { exports: ["twice", "look"] } });
});

it("B16: an export that is there but is nothing to run ends as executable not found", async () => {
  const harness = await engine.harness({ files: FILES });
  expect(await harness.run("tickets.ts::plain")).toMatchObject({ status: "Failed", error: { code: "ERR_EXECUTABLE_NOT_FOUND", details: { found: "number" } } });
  expect(await harness.run("tickets.ts::helper")).toMatchObject({
    status: "Failed",
    error: { code: "ERR_EXECUTABLE_NOT_FOUND", details: { found: "function" } },
  });
});

it("B16: a name and a path that are nothing are told apart, with the nearest", async () => {
  const harness = await engine.harness({ files: FILES });
  await expect(harness.run("close-stail")).rejects.toMatchObject({ code: "ERR_WORKFLOW_NOT_FOUND", details: { nearest: "close-stale" } });
  await expect(harness.run("tickts.ts")).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND" });
  await expect(harness.run("tickts.ts::open")).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND" });
});

it("B16: a workflow that is passed on by a star is found by the name of its export", async () => {
  const harness = await engine.harness({ files: { "impl.ts": FILES["tickets.ts"], "barrel.ts": `export * from "./impl";` } });
  expect((await harness.run("barrel.ts::open")).result).toBe("open");
});
