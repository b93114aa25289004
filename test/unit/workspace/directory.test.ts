import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MAX_FILE_BYTES, readDirectory } from "../../../src/workspace/directory.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

async function pathsOf(directory: string): Promise<string[]> {
  return [...(await readDirectory(directory)).keys()].toSorted();
}

describe("the files of a directory", () => {
  it("B59a: every file comes with its bytes; dot files and node_modules are left out at any depth", async () => {
    using directory = temporaryDirectory({
      "wf.ts": "code",
      "a/b/c.json": "{}",
      "logo.bin": Uint8Array.of(0, 255),
      "empty.txt": "",
      ".env": "SECRET=1",
      ".git/config": "",
      "a/.hidden/x.ts": "",
      "node_modules/zod/index.js": "",
      "a/node_modules/x.js": "",
      "node_modules.ts": "kept",
    });
    const files = await readDirectory(directory.path);
    expect([...files.keys()].toSorted()).toEqual(["a/b/c.json", "empty.txt", "logo.bin", "node_modules.ts", "wf.ts"]);
    expect([...files.entries()].find(([path]) => path === "logo.bin")![1]).toEqual(Buffer.of(0, 255));
  });

  it("B59a: what .gitignore files name is left out, nested ones included, as git itself reads them", async () => {
    const files = {
      ".gitignore": "*.log\n/build/\nsecret*.ts\n!secret-not.ts\nCASE.ts\n# comment\ndocs/**/draft.md\n",
      "a.log": "",
      "build/out.js": "",
      "deep/build/kept.js": "",
      "secret.ts": "",
      "secret-not.ts": "",
      "case.ts": "",
      "docs/x/y/draft.md": "",
      "docs/x/final.md": "",
      "deep/.gitignore": "!keep.log\n*.tmp\n/only-here.ts\n",
      "deep/keep.log": "",
      "deep/other.log": "",
      "deep/x.tmp": "",
      "deep/only-here.ts": "",
      "deep/below/only-here.ts": "",
      "x.tmp": "",
      "only-here.ts": "",
    };
    using directory = temporaryDirectory(files);
    const found = await pathsOf(directory.path);
    expect(found).toEqual([
      "case.ts",
      "deep/below/only-here.ts",
      "deep/build/kept.js",
      "deep/keep.log",
      "docs/x/final.md",
      "only-here.ts",
      "secret-not.ts",
      "x.tmp",
    ]);
    execFileSync("git", ["init", "-q"], { cwd: directory.path });
    const byGit = execFileSync("git", ["-c", "core.ignorecase=false", "ls-files", "-co", "--exclude-standard", "-z"], {
      cwd: directory.path,
      encoding: "utf8",
    });
    expect(found).toEqual(
      byGit
        .split("\0")
        .filter((path) => path !== "" && !path.split("/").some((name) => name.startsWith(".")))
        .toSorted(),
    );
  });

  it("B59a: all that cannot be taken is listed in one refusal: links, large files, names that are no paths", async () => {
    using directory = temporaryDirectory({
      "good.ts": "1",
      "big.bin": new Uint8Array(MAX_FILE_BYTES + 1),
      "just.bin": new Uint8Array(MAX_FILE_BYTES),
      "back\\slash.ts": "1",
      "new\nline.ts": "1",
    });
    symlinkSync("good.ts", join(directory.path, "link.ts"));
    symlinkSync("/etc", join(directory.path, "outside"));
    symlinkSync("nowhere", join(directory.path, ".dot-link"));
    execFileSync("mkfifo", [join(directory.path, "pipe")]);
    const refused = await readDirectory(directory.path).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "ERR_INPUT_INVALID" });
    const { message, details } = refused as { message: string; details: { refused: { path: string; reason: string }[] } };
    expect(details.refused.map(({ path }) => path).toSorted()).toEqual(["back\\slash.ts", "big.bin", "link.ts", "new\nline.ts", "outside", "pipe"]);
    for (const text of ["symbolic link", "1 MB", "backslash", "control character", "no regular file"]) expect(message).toContain(text);
  });

  it.each([
    ["the default", {}, 1024 * 1024],
    ["a lower one", { maxSourceBytes: 100 }, 100],
    ["a higher one", { maxSourceBytes: 2 * 1024 * 1024 }, 2 * 1024 * 1024],
  ])(
    "a module of the workspace's limit of source is taken and one of a byte more is refused by name, with limit and amount: %s",
    async (_title, options, limit) => {
      using directory = temporaryDirectory({ "just.ts": new Uint8Array(limit), "just.json": new Uint8Array(limit), "doc.txt": new Uint8Array(1024 * 1024) });
      expect([...(await readDirectory(directory.path, options)).keys()].toSorted()).toEqual(["doc.txt", "just.json", "just.ts"]);
      directory.write({ "more.ts": new Uint8Array(limit + 1) });
      await expect(readDirectory(directory.path, options)).rejects.toMatchObject({
        code: "ERR_SOURCE_TOO_LARGE",
        message: expect.stringContaining("more.ts") as string,
        details: { path: "more.ts", limit, amount: limit + 1 },
      });
    },
  );

  it("B59a: a large file and a link that .gitignore names are no reason to refuse", async () => {
    using directory = temporaryDirectory({ ".gitignore": "big.bin\nlink\n", "big.bin": new Uint8Array(MAX_FILE_BYTES + 1), "a.ts": "1" });
    symlinkSync("a.ts", join(directory.path, "link"));
    expect(await pathsOf(directory.path)).toEqual(["a.ts"]);
  });

  it("a directory that is not there, or is a file, is named", async () => {
    using directory = temporaryDirectory({ "a.ts": "1" });
    await expect(readDirectory(join(directory.path, "none"))).rejects.toMatchObject({
      code: "ERR_INPUT_INVALID",
      message: expect.stringContaining("does not exist"),
    });
    await expect(readDirectory(join(directory.path, "a.ts"))).rejects.toMatchObject({
      code: "ERR_INPUT_INVALID",
      message: expect.stringContaining("is no directory"),
    });
    expect(await pathsOf(directory.path)).toEqual(["a.ts"]);
  });
});
