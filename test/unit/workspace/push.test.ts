import { describe, expect, it } from "vitest";
import { pushDirectory } from "../../../src/workspace/push.ts";
import { Fault, type FaultCode } from "../../../src/errors.ts";
import { hashContent } from "../../../src/modules/content-hash.ts";
import type { ModulePath } from "../../../src/modules/module-path.ts";
import type { Head } from "../../../src/snapshot/snapshot-record.ts";
import type { PushOptions, PushTarget } from "../../../src/workspace/push.ts";
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

/** A target that has these files each time it is looked at, and fails so each time it is to be changed. */
function target({ looks, failures = [] }: { looks: readonly Record<string, string>[]; failures?: readonly FaultCode[] }) {
  const asked: string[] = [];
  const changes: Parameters<PushTarget["change"]>[0][] = [];
  const count = (what: string): number => asked.filter((each) => each === what).length;
  const head = { version: 7, snapshotId: "s1-7" } as unknown as Head;
  const port: PushTarget = {
    async files() {
      asked.push("files");
      const files = looks[Math.min(count("files"), looks.length) - 1] ?? {};
      return Object.entries(files).map(([path, content]) => ({ path: path as ModulePath, hash: hashContent(content) }));
    },
    async head() {
      asked.push("head");
      return head;
    },
    async change(change) {
      asked.push("change");
      changes.push(change);
      const failure = failures[changes.length - 1];
      if (failure !== undefined) throw new Fault(failure, "as the test wants it");
      return { ...head, warnings: [], diagnostics: [] };
    },
  };
  return { port, asked, changes };
}

describe("what a push asks of its target", () => {
  it("B23: is one change with everything in it, and for what it moves the content it has seen", async () => {
    using directory = temporaryDirectory({ "same.ts": "1", "edited.ts": "2", "new.ts": "3", "to.ts": "moved" });
    const { port, asked, changes } = target({ looks: [{ "same.ts": "1", "edited.ts": "1", "gone.ts": "gone", "from.ts": "moved" }] });
    expect(await pushDirectory(directory.path, port)).toMatchObject({ version: 7, snapshotId: "s1-7", unchanged: 1 });
    expect(asked).toEqual(["files", "change"]);
    expect(changes.map(({ put, remove, move, expected }) => [[...put.keys()], remove, [...move], [...expected]])).toEqual([
      [["edited.ts", "new.ts"], ["gone.ts"], [["from.ts", "to.ts"]], [["from.ts", hashContent("moved")]]],
    ]);
  });

  it("--dry-run: is nothing but to be looked at", async () => {
    using directory = temporaryDirectory({ "to.ts": "moved" });
    const { port, asked } = target({ looks: [{ "from.ts": "moved" }] });
    expect(await pushDirectory(directory.path, port, { dryRun: true })).toMatchObject({ version: 7, moved: [{ from: "from.ts", to: "to.ts" }] });
    expect(asked).toEqual(["files", "head"]);
  });

  it("is asked anew where what it moves was changed meanwhile, with what is there then", async () => {
    using directory = temporaryDirectory({ "to.ts": "moved" });
    const looks = [{ "from.ts": "moved" }, { "from.ts": "edited" }];
    const { port, asked, changes } = target({ looks, failures: ["ERR_CONTENT_CHANGED"] });
    expect(await pushDirectory(directory.path, port)).toMatchObject({ added: ["to.ts"], removed: ["from.ts"], moved: [] });
    expect(asked).toEqual(["files", "change", "files", "change"]);
    expect(changes[1]!.expected.size).toBe(0);
  });

  it.for(["ERR_RPC_UNAVAILABLE", "ERR_FORBIDDEN", "ERR_INPUT_TOO_LARGE"] as const)("is not asked again after %s", async (code) => {
    using directory = temporaryDirectory({ "to.ts": "moved" });
    const { port, asked } = target({ looks: [{ "from.ts": "moved" }], failures: [code] });
    await expect(pushDirectory(directory.path, port)).rejects.toMatchObject({ code });
    expect(asked).toEqual(["files", "change"]);
  });

  it("holds modules to what its workspace allows", async () => {
    using directory = temporaryDirectory({ "a.ts": "12345" });
    const { port, asked } = target({ looks: [{}] });
    await expect(pushDirectory(directory.path, { ...port, maxSourceBytes: 4 })).rejects.toMatchObject({ code: "ERR_SOURCE_TOO_LARGE" });
    expect(asked).toEqual([]);
  });
});
