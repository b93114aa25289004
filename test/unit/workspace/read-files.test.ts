import { describe, expect, it } from "vitest";
import { listFiles, pathsToMove, pathsToRemove, readFile } from "../../../src/workspace/read-files.ts";
import { openWorkspace } from "../../support/open-workspace.ts";

const FILES = { "wf.ts": "1", "shared/a.ts": "2", "shared/deep/b.ts": "3", "shared-not/c.ts": "4" };

describe("files of a workspace", () => {
  it("are listed whole, or below a directory, which is a whole segment (B4)", async () => {
    const opened = await openWorkspace(FILES);
    const paths = async (under?: string) => (await listFiles(opened, under)).map((file) => file.path);
    expect(await paths()).toEqual(["shared-not/c.ts", "shared/a.ts", "shared/deep/b.ts", "wf.ts"]);
    expect(await paths("shared")).toEqual(["shared/a.ts", "shared/deep/b.ts"]);
    expect(await paths("shared/deep/")).toEqual(["shared/deep/b.ts"]);
    expect(await paths("wf.ts")).toEqual(["wf.ts"]);
    await expect(paths("share")).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND" });
    expect(await listFiles(await openWorkspace())).toEqual([]);
  });

  it("B53: are read with what is known of them; one that is not there names the nearest", async () => {
    const opened = await openWorkspace(FILES);
    const file = await readFile(opened, "shared/a.ts");
    expect([file.path, Buffer.from(file.bytes).toString(), file.entityType]).toEqual(["shared/a.ts", "2", "module"]);
    await expect(readFile(opened, "shard/a.ts")).rejects.toMatchObject({
      code: "ERR_PATH_NOT_FOUND",
      message: expect.stringContaining('"shared/a.ts"'),
      details: { nearest: "shared/a.ts" },
    });
    await expect(readFile(opened, "shared")).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND" });
    await expect(readFile(opened, "../x")).rejects.toMatchObject({ code: "ERR_PATH_INVALID" });
    await opened.writer.write({ "wf.ts": null });
    await expect(readFile(opened, "wf.ts")).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND" });
  });

  it("are removed by name; a directory only when that is said", async () => {
    const opened = await openWorkspace(FILES);
    expect(await pathsToRemove(opened, { paths: ["wf.ts", "shared/a.ts"] })).toEqual(["wf.ts", "shared/a.ts"]);
    await expect(pathsToRemove(opened, { paths: ["wf.ts", "shared"] })).rejects.toMatchObject({
      code: "ERR_INPUT_INVALID",
      details: { path: "shared", files: 2 },
    });
    expect(await pathsToRemove(opened, { paths: ["shared", "shared/a.ts"], recursive: true })).toEqual(["shared/a.ts", "shared/deep/b.ts"]);
    await expect(pathsToRemove(opened, { paths: ["nope.ts"] })).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND" });
  });

  it("B54: move singly, into a directory, or with their directory", async () => {
    const opened = await openWorkspace(FILES);
    expect(await pathsToMove(opened, { from: "wf.ts", to: "jobs/wf.ts" })).toEqual(new Map([["wf.ts", "jobs/wf.ts"]]));
    expect(await pathsToMove(opened, { from: "wf.ts", to: "jobs/" })).toEqual(new Map([["wf.ts", "jobs/wf.ts"]]));
    const moves = await pathsToMove(opened, { from: "shared", to: "lib" });
    expect(moves).toEqual(
      new Map([
        ["shared/a.ts", "lib/a.ts"],
        ["shared/deep/b.ts", "lib/deep/b.ts"],
      ]),
    );
    await opened.writer.change({ move: moves });
    expect(await opened.contents()).toEqual({ "wf.ts": "1", "lib/a.ts": "2", "lib/deep/b.ts": "3", "shared-not/c.ts": "4" });
    await expect(pathsToMove(opened, { from: "nope.ts", to: "x.ts" })).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND" });
    await expect(pathsToMove(opened, { from: "wf.ts", to: "/x.ts" })).rejects.toMatchObject({ code: "ERR_PATH_INVALID" });
  });
});
