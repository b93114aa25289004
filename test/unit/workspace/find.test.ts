import { describe, expect, it } from "vitest";
import { findEntry } from "../../../src/workspace/find.ts";
import { looksLikePath, parseReference } from "../../../src/workspace/reference.ts";
import { openWorkspace } from "../../support/open-workspace.ts";

const workflow = (name: string | undefined, as = "default") =>
  `import { workflow } from "bifrost";\nexport ${as === "default" ? "default" : `const ${as} =`} workflow(${name === undefined ? "" : `{ name: ${JSON.stringify(name)} }, `}async () => 1);\n`;

async function workspaceOf(files: Record<string, string>) {
  const { origin, workspace, pin, writer } = await openWorkspace(files);
  let lookups = 0;
  const find = async (reference: string) =>
    findEntry(reference, {
      snapshot: await pin(),
      executables: () => {
        lookups += 1;
        return origin.executables(workspace);
      },
    });
  return { find, origin, workspace, writer, lookups: () => lookups };
}

const FILES = {
  "hello.ts": workflow("hello"),
  "jobs/nightly.ts": workflow(undefined) + workflow("sweep", "sweep"),
  "jobs/index.ts": workflow("all-jobs"),
  "twin-a.ts": workflow("twin"),
  "twin-b.ts": workflow("other") + workflow("twin", "second"),
  "plain.ts": "export default 1;",
  "data.json": "{}",
  "notes.md": "# notes",
};

describe("references", () => {
  it("B16: a reference is a UUID, path::export, or text that is a path or a name", () => {
    expect(parseReference("0190F5C2-7C1E-7000-8000-00000000ABCD")).toEqual({ kind: "id", id: "0190f5c2-7c1e-7000-8000-00000000abcd" });
    expect(parseReference("a/b.ts::run")).toEqual({ kind: "export", path: "a/b.ts", exportName: "run" });
    expect(parseReference("./a.ts")).toEqual({ kind: "text", text: "a.ts" });
    expect(parseReference("close stale: tickets")).toEqual({ kind: "text", text: "close stale: tickets" });
    for (const text of ["", "::run", "a.ts::"]) expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID" }));
    expect(["a/b", "a.ts", "x.json", "..\\x"].map(looksLikePath)).toEqual([true, true, true, true]);
    expect(["hello", "v1.2", "a.b.c"].map(looksLikePath)).toEqual([false, false, false]);
  });
});

describe("finding the entry", () => {
  it("B16: by path, by path::export, by name and by id", async () => {
    const { find, origin, workspace } = await workspaceOf(FILES);
    expect(await find("jobs/nightly.ts")).toEqual({ path: "jobs/nightly.ts", exportName: "default" });
    expect(await find("./jobs/nightly.ts::sweep")).toEqual({ path: "jobs/nightly.ts", exportName: "sweep" });
    for (const [name, path, exportName] of [
      ["hello", "hello.ts", "default"],
      ["nightly", "jobs/nightly.ts", "default"],
      ["sweep", "jobs/nightly.ts", "sweep"],
    ] as const) {
      const [row] = await origin.executables(workspace, { name });
      expect(await find(name)).toEqual({ path, exportName, workflowId: row!.id });
      expect(await find(row!.id)).toEqual({ path, exportName, workflowId: row!.id });
    }
  });

  it("B16: an exact path is found without asking what is registered", async () => {
    const { find, lookups } = await workspaceOf(FILES);
    await find("plain.ts");
    await find("hello.ts::default");
    expect(lookups()).toBe(0);
  });

  it("B16: a name wins over a path without extension; such a path is found as an import from the root would find it", async () => {
    const { find } = await workspaceOf({ ...FILES, "impostor.ts": workflow("plain") });
    expect(await find("plain")).toMatchObject({ path: "impostor.ts" });
    expect(await find("jobs/nightly")).toEqual({ path: "jobs/nightly.ts", exportName: "default" });
    expect(await find("jobs")).toEqual({ path: "jobs/index.ts", exportName: "default" });
    expect(await find("jobs/nightly::sweep")).toEqual({ path: "jobs/nightly.ts", exportName: "sweep" });
  });

  it("B16: several of one name are ambiguous, with the candidates", async () => {
    const { find } = await workspaceOf(FILES);
    await expect(find("twin")).rejects.toMatchObject({ code: "ERR_WORKFLOW_AMBIGUOUS", details: { candidates: ["twin-a.ts::default", "twin-b.ts::second"] } });
  });

  it("B16: what is not there fails by what was asked for, with the nearest that is", async () => {
    const { find } = await workspaceOf(FILES);
    await expect(find("helo")).rejects.toMatchObject({
      code: "ERR_WORKFLOW_NOT_FOUND",
      message: expect.stringContaining('Did you mean "hello"?'),
      details: { nearest: "hello" },
    });
    await expect(find("0190f5c2-7c1e-7000-8000-00000000abcd")).rejects.toMatchObject({ code: "ERR_WORKFLOW_NOT_FOUND" });
    await expect(find("jobs/nightli.ts")).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND", details: { nearest: "jobs/nightly.ts" } });
    await expect(find("jobs/nightli")).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND", details: { nearest: "jobs/nightly.ts" } });
    await expect(find("helo::default")).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND", details: { nearest: "hello.ts" } });
    await expect(find("/etc/passwd")).rejects.toMatchObject({ code: "ERR_PATH_INVALID" });
    await expect(find("../up.ts::default")).rejects.toMatchObject({ code: "ERR_PATH_INVALID" });
  });

  it("B16: what differs only in case is the nearest, however many letters that are", async () => {
    const { find } = await workspaceOf({ ...FILES, "jobs/SWEEPS.ts": workflow("sweeping") });
    await expect(find("SWEEP")).rejects.toMatchObject({ code: "ERR_WORKFLOW_NOT_FOUND", details: { nearest: "sweep" } });
    await expect(find("JOBS/NIGHTLY.ts")).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND", details: { nearest: "jobs/nightly.ts" } });
  });

  it("B16: a file that is no program code has nothing to run", async () => {
    const { find } = await workspaceOf(FILES);
    for (const path of ["data.json", "notes.md", "notes.md::default"]) await expect(find(path)).rejects.toMatchObject({ code: "ERR_EXECUTABLE_NOT_FOUND" });
  });

  it("B16: a workflow that was removed from its file is not found, by name or by id", async () => {
    const { find, writer, origin, workspace } = await workspaceOf(FILES);
    const [row] = await origin.executables(workspace, { name: "hello" });
    await writer.write({ "hello.ts": "export default 1;" });
    await expect(find(row!.id)).rejects.toMatchObject({ code: "ERR_WORKFLOW_NOT_FOUND", message: expect.stringContaining("hello.ts") });
    expect(await find("hello")).toEqual({ path: "hello.ts", exportName: "default" });
    await writer.write({ "hello.ts": null });
    await expect(find("hello")).rejects.toMatchObject({ code: "ERR_WORKFLOW_NOT_FOUND" });
  });

  it("B16: names of Object.prototype are names like others", async () => {
    const { find } = await workspaceOf({ ...FILES, "__proto__/toString.ts": workflow("constructor") });
    expect(await find("constructor")).toMatchObject({ path: "__proto__/toString.ts" });
    await expect(find("toString")).rejects.toMatchObject({ code: "ERR_WORKFLOW_NOT_FOUND" });
    await expect(find("hasOwnProperty.ts")).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND" });
  });
});
