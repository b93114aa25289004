import { describe, expect, it } from "vitest";
import { readFile } from "../../../src/workspace/read-files.ts";
import { openWorkspace } from "../../support/open-workspace.ts";

const FILES = { "wf.ts": "1", "shared/a.ts": "2", "shared/deep/b.ts": "3", "shared-not/c.ts": "4" };

describe("files of a workspace", () => {
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
});
