// What a child may read, by Node's own permission model and by the kernel.
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { permissionFlags } from "../../../src/process/hardening/permission-flags.ts";
import { childFiles } from "../../../src/process/hardening/readable-paths.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const ENTRY = new URL("../../../src/process/child-main.ts", import.meta.url);

it("a child may read its code, the packages it was started for and its caches, and nothing else by name", () => {
  const { code } = childFiles({ execPath: process.execPath, entry: ENTRY, packages: ["isolated-vm"], caches: ["/cache"] });
  const strange = code.filter((path) => !/(?:\/src|\/package\.json|\/node_modules\/isolated-vm|^\/cache)$/.test(path));
  expect(strange).toEqual([]);
});

it("only the program and the folders of libraries may be run from", () => {
  const { system } = childFiles({ execPath: process.execPath, entry: ENTRY, packages: [], caches: [] });
  const run = system.filter((each) => each.run).map(({ path }) => path);
  expect(run[0]).toBe(process.execPath);
  expect(run.slice(1).every((path) => /\/lib(?:64)?$|\/store$/.test(path))).toBe(true);
});

it("an entry from elsewhere may be read with what lies beside it", () => {
  using directory = temporaryDirectory({ "entry.mjs": "" });
  const { code } = childFiles({ execPath: process.execPath, entry: pathToFileURL(join(directory.path, "entry.mjs")), packages: [], caches: [] });
  expect(code).toContain(directory.path);
});

it("a folder is told to Node before what is in it, in whatever order it was given: told after it, Node overlooks it", () => {
  using directory = temporaryDirectory({ "outer/inner/a.txt": "a", "outer/b.txt": "b" });
  const root = realpathSync(directory.path);
  const flags = permissionFlags({ readable: [join(root, "outer/inner"), join(root, "outer")], compileCache: undefined, addons: false });
  const program = `for (const name of ["", "/b.txt", "/inner/a.txt"]) console.log(process.permission.has("fs.read", ${JSON.stringify(join(root, "outer"))} + name))`;
  const { stdout } = spawnSync(process.execPath, [...flags, "--eval", program], { encoding: "utf8", env: {} });
  expect(stdout.trim().split("\n")).toEqual(["true", "true", "true"]);
});

it("native code may be loaded only where it is asked for, and only the cache be written", () => {
  const flags = permissionFlags({ readable: ["/a"], compileCache: "/cache", addons: false });
  expect(flags).toEqual(["--permission", "--allow-fs-read=/a", "--allow-fs-write=/cache"]);
  expect(permissionFlags({ readable: [], compileCache: undefined, addons: true })).toEqual(["--permission", "--allow-addons"]);
});
