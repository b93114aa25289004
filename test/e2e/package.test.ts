// The package as others get it: packed, installed elsewhere, run from node_modules/.bin, imported by name.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectFiles } from "../architecture/project-files.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let home: string;
let checkout: string;
let project: string;
let packed: Packed;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "bifrost-package-"));
  checkout = join(home, "checkout");
  project = join(home, "project");
  // A copy, so that packing never touches the package.json that everybody else is reading.
  for (const path of projectFiles()) {
    await mkdir(dirname(join(checkout, path)), { recursive: true });
    await cp(join(ROOT, path), join(checkout, path));
  }
  await mkdir(join(checkout, "node_modules"));
  await symlinkDependencies(join(ROOT, "node_modules"), join(checkout, "node_modules"));
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", home], { cwd: checkout, maxBuffer: 1 << 26 });
  const answer = JSON.parse(stdout.slice(stdout.search(/^[[{]/mu))) as readonly Packed[] | Readonly<Record<string, Packed>>;
  const [first] = Object.values(answer);
  if (first === undefined) throw new Error(`npm pack named no file: ${stdout}`);
  packed = first;
  await mkdir(project);
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "somebody-else", version: "1.0.0", type: "module", private: true }));
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", join(home, packed.filename)], {
    cwd: project,
    maxBuffer: 1 << 26,
  });
}, 240_000);
afterAll(() => rm(home, { recursive: true, force: true }));

const CLIENT_PROGRAM = `import { createClient, resultOf, RpcFault } from "bifrost-executor/client";
const client = createClient({ url: "http://localhost:8484", token: "token" });
const execution = await client.executions.run("close-stale-tickets", { days: 30 }, { idempotencyKey: "key", limits: { wallMs: 1000 } });
const value: unknown = resultOf(execution);
for await (const { id, status } of client.executions.list({ status: ["Failed"] })) console.log(id, status);
for await (const line of client.executions.logs(execution.id, { signal: AbortSignal.timeout(1000) })) console.log(line.message, line.from?.reference);
const size: number | undefined = (await client.files.read("a.ts")).sizeBytes;
(await client.workflows.get("name")).kind satisfies "workflow" | "tool" | "data_provider";
// @ts-expect-error There is no such status.
client.executions.list({ status: ["Done"] });
try { await client.health(); } catch (error) { if (error instanceof RpcFault) console.log(error.code, error.status, error.retryable, value, size); }
`;

/** The cache below node_modules stays the copy's own: it holds what packing has to restore. */
async function symlinkDependencies(from: string, to: string): Promise<void> {
  const { readdir } = await import("node:fs/promises");
  for (const name of await readdir(from)) if (name !== ".cache") await symlink(join(from, name), join(to, name));
}

describe("the packed package", () => {
  it("holds JavaScript and its types, and no TypeScript source but the example's", () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toContain("dist/src/cli/run-workflow.js");
    expect(paths).toContain("dist/src/index.d.ts");
    expect(paths.filter((path) => /(?<!\.d)\.ts$/u.test(path) && !path.startsWith("db/example/"))).toEqual([]);
    expect(paths.filter((path) => /^(src|test|node_modules)\//u.test(path))).toEqual([]);
  });

  it("leaves the checkout as it was", async () => {
    expect(await readFile(join(checkout, "package.json"), "utf8")).toBe(await readFile(join(ROOT, "package.json"), "utf8"));
    expect(existsSync(join(checkout, "dist"))).toBe(false);
  });

  it("has bins that run where it is installed", async () => {
    for (const name of ["run-workflow", "bifrost-executor"]) {
      const { stdout } = await run(join(project, "node_modules/.bin", name), ["--version"], { cwd: project });
      expect(stdout).toMatch(/\d+\.\d+\.\d+/u);
    }
  });

  it("runs a workflow from a directory", async () => {
    await mkdir(join(project, "flows"));
    await writeFile(
      join(project, "flows/hello.ts"),
      'import { workflow, z } from "bifrost";\nexport default workflow({ name: "hello", params: z.object({ who: z.string() }) }, async (input: { who: string }) => ({ hello: input.who }));\n',
    );
    const env = { ...process.env, XDG_CACHE_HOME: join(home, "cache"), XDG_DATA_HOME: join(home, "data") };
    const { stdout } = await run(join(project, "node_modules/.bin/run-workflow"), ["hello", "--directory", "flows", "-p", "who=you"], { cwd: project, env });
    expect(JSON.parse(stdout)).toEqual({ hello: "you" });
  });

  it("says which Node it needs, and how to get it, where an older one imports it", async () => {
    // What an older Node lacks is taken away, so that this needs none.
    await writeFile(
      join(project, "older.cjs"),
      'const crypto = require("node:crypto");\ndelete crypto.randomUUIDv7;\nrequire("node:module").syncBuiltinESMExports();\n',
    );
    for (const door of ["", "/testing"]) {
      const importing = run(process.execPath, ["--require", "./older.cjs", "--input-type=module", "-e", `await import("bifrost-executor${door}")`], {
        cwd: project,
      });
      await expect(importing).rejects.toThrow(/bifrost-executor needs Node 26; this is Node [\d.]+\. Run it with the one that came along: npx node /u);
    }
  });

  it("can be required, and gives what importing it gives", async () => {
    const program =
      'const required = ["", "/testing"].map((door) => require("bifrost-executor" + door));\nPromise.all(["", "/testing"].map((door) => import("bifrost-executor" + door))).then((imported) => console.log(imported.every((door, at) => Object.keys(door).every((name) => door[name] === required[at][name]))));\n';
    await writeFile(join(project, "doors.cjs"), program);
    expect((await run(process.execPath, ["doors.cjs"], { cwd: project })).stdout).toBe("true\n");
  });

  it("has a client that a program of somebody else's compiles against, with nothing but the web's types", async () => {
    await writeFile(join(project, "client.mts"), CLIENT_PROGRAM);
    const compiler = join(project, "node_modules/typescript/lib/tsc.js");
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom,dom.iterable,dom.asynciterable"];
    const { stdout } = await run(process.execPath, [compiler, ...options, "client.mts"], { cwd: project }).catch((error: { readonly stdout: string }) => error);
    expect(stdout).toBe("");
  });

  it("can be imported by each of its names", async () => {
    const program =
      'const all = await Promise.all(["", "/client", "/testing"].map((door) => import("bifrost-executor" + door)));\nconsole.log(all.map((door) => Object.keys(door).length > 0).join());\n';
    await writeFile(join(project, "doors.mjs"), program);
    expect((await run(process.execPath, ["doors.mjs"], { cwd: project })).stdout).toBe("true,true,true\n");
  });
});
