import { describe, expect, it } from "vitest";
import { pushDirectory } from "../../../src/workspace/push.ts";
import type { PushOptions } from "../../../src/workspace/push.ts";
import { storedTarget } from "../../../src/workspace/stored-push.ts";
import { openWorkspace } from "../../support/open-workspace.ts";
import type { OpenWorkspace } from "../../support/open-workspace.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const HELLO = 'import { workflow } from "bifrost";\nexport default workflow({ name: "hello" }, async () => "hi");\n';

async function push(opened: OpenWorkspace, files: Record<string, string>, options?: PushOptions) {
  using directory = temporaryDirectory(files);
  return await pushDirectory(directory.path, storedTarget(opened), options);
}

describe("push", () => {
  it("B59a: makes the workspace equal to the directory in one version, and says what changed", async () => {
    const opened = await openWorkspace({ "same.ts": "1", "edited.ts": "1", "gone.ts": "gone" });
    const result = await push(opened, { "same.ts": "1", "edited.ts": "2", "new/file.ts": "3" });
    expect(result).toMatchObject({
      version: 2,
      added: ["new/file.ts"],
      changed: ["edited.ts"],
      removed: ["gone.ts"],
      moved: [],
      unchanged: 1,
      warnings: [],
      dryRun: false,
    });
    expect(await opened.contents()).toEqual({ "same.ts": "1", "edited.ts": "2", "new/file.ts": "3" });
  });

  it("B59a: pushing the same again changes nothing", async () => {
    const opened = await openWorkspace();
    const first = await push(opened, { "a.ts": "1", "b/c.ts": "2" });
    expect(await push(opened, { "a.ts": "1", "b/c.ts": "2" })).toMatchObject({
      version: first.version,
      snapshotId: first.snapshotId,
      added: [],
      changed: [],
      removed: [],
      unchanged: 2,
    });
  });

  it("B59a: --dry-run lists and writes nothing", async () => {
    const opened = await openWorkspace({ "a.ts": "1", "b.ts": "2" });
    expect(await push(opened, { "a.ts": "changed", "moved.ts": "2" }, { dryRun: true })).toMatchObject({
      version: 1,
      changed: ["a.ts"],
      moved: [{ from: "b.ts", to: "moved.ts" }],
      removed: [],
      dryRun: true,
    });
    expect(await opened.contents()).toEqual({ "a.ts": "1", "b.ts": "2" });
  });

  it("B59a: --keep deletes nothing", async () => {
    const opened = await openWorkspace({ "a.ts": "1", "only-here.ts": "2" });
    expect(await push(opened, { "a.ts": "changed", "copy.ts": "2" }, { keep: true })).toMatchObject({
      changed: ["a.ts"],
      added: ["copy.ts"],
      removed: [],
      moved: [],
    });
    expect(await opened.contents()).toEqual({ "a.ts": "changed", "copy.ts": "2", "only-here.ts": "2" });
  });

  it("B59a: a removed and an added path of equal content are a move, and the workflow keeps its id", async () => {
    const opened = await openWorkspace({ "wf.ts": HELLO, "x/index.ts": "same", "y/other.ts": "same" });
    const [before] = await opened.origin.executables(opened.workspace);
    const result = await push(opened, { "jobs/hello.ts": HELLO, "z/other.ts": "same", "z/index.ts": "same" });
    expect(result).toMatchObject({
      added: [],
      removed: [],
      moved: [
        { from: "wf.ts", to: "jobs/hello.ts" },
        { from: "x/index.ts", to: "z/index.ts" },
        { from: "y/other.ts", to: "z/other.ts" },
      ],
    });
    expect(await opened.origin.executables(opened.workspace)).toMatchObject([{ id: before!.id, path: "jobs/hello.ts", active: true }]);
    expect(Object.keys(await opened.contents()).toSorted()).toEqual(["jobs/hello.ts", "z/index.ts", "z/other.ts"]);
  });

  it("B59a: a file can become a directory, and a directory a file", async () => {
    const opened = await openWorkspace({ a: "file", "b/c.ts": "below" });
    await push(opened, { "a/x.ts": "below", b: "file" });
    expect(await opened.contents()).toEqual({ "a/x.ts": "below", b: "file" });
    await push(opened, { "a/x.ts": "file" });
    expect(await opened.contents()).toEqual({ "a/x.ts": "file" });
  });

  it("B59a: a directory that cannot be read leaves the workspace as it was", async () => {
    const opened = await openWorkspace({ "a.ts": "1" });
    await expect(push(opened, { "big.bin": "x".repeat(1024 * 1024 + 1) })).rejects.toMatchObject({ code: "ERR_INPUT_INVALID" });
    expect(await opened.contents()).toEqual({ "a.ts": "1" });
  });

  it("B23: pushes at the same time leave one directory's files, not a mixture", async () => {
    const opened = await openWorkspace({ "start.ts": "same", "x.ts": "0" });
    await Promise.all([push(opened, { "left.ts": "same", "x.ts": "left" }), push(opened, { "left.ts": "same", "x.ts": "right" })]);
    const contents = await opened.contents();
    expect(["left", "right"]).toContain(contents["x.ts"]);
    expect(contents).toEqual({ "left.ts": "same", "x.ts": contents["x.ts"] });
  });
});
