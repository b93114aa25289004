// The launcher stands in for the script it starts: arguments, output, exit code and signals are the script's. Run under whatever `node` is on PATH,
// as a user would, and under the Node that needs no help.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "bifrost-launcher-"));
  for (const name of ["launcher.mjs", "run-workflow.mjs"]) await cp(join(ROOT, "src/cli", name), join(directory, name));
  await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
  await writeFile(
    join(directory, "run-workflow.ts"),
    "const facts: object = { node: process.versions.node, args: process.argv.slice(2) };\nconsole.log(JSON.stringify(facts));\n",
  );
  await writeFile(
    join(directory, "wait.mjs"),
    'process.on(process.argv[2], () => { console.log("got " + process.argv[2]); process.exit(7); });\nsetInterval(() => {}, 1000);\nconsole.log("up");\n',
  );
  await writeFile(join(directory, "die.mjs"), 'process.kill(process.pid, "SIGKILL");\nsetInterval(() => {}, 1000);\n');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

async function ended(child: ChildProcess, onOutput: (text: string) => void = () => undefined): Promise<Ended> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      onOutput(output);
    });
  }
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal, output };
}

/** Without what npm puts there: in its scripts, `node` is the one of node_modules/.bin. */
const USERS_PATH = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((place) => !place.endsWith("node_modules/.bin"))
  .join(delimiter);

function start(node: string, args: readonly string[]): ChildProcess {
  const env = { ...process.env, PATH: USERS_PATH, XDG_CACHE_HOME: join(directory, "cache") };
  return spawn(node, args, { cwd: directory, stdio: ["ignore", "pipe", "pipe"], env });
}

describe.for([
  ["the node on PATH", "node"],
  ["Node 26 itself", process.execPath],
] as const)("under %s", ([, node]) => {
  it("a bin runs its TypeScript on Node 26 with the arguments it was given", async () => {
    const { code, output } = await ended(start(node, ["run-workflow.mjs", "a b", "--flag", ""]));
    expect(code).toBe(0);
    expect(JSON.parse(output)).toEqual({ node: expect.stringMatching(/^26\./u) as string, args: ["a b", "--flag", ""] });
  });

  it("a bin runs compiled JavaScript where that is beside it", async () => {
    const packed = await mkdtemp(join(directory, "packed-"));
    for (const name of ["launcher.mjs", "run-workflow.mjs"]) await cp(join(directory, name), join(packed, name));
    await writeFile(join(packed, "run-workflow.js"), 'console.log("compiled");\n');
    expect(await ended(start(node, [join(packed, "run-workflow.mjs")]))).toEqual({ code: 0, signal: null, output: "compiled\n" });
  });

  it.for(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s reaches the script, and its exit code comes back", async (signal) => {
    const child = start(node, ["launcher.mjs", "wait.mjs", signal]);
    const result = await ended(child, (output) => {
      if (output === "up\n") child.kill(signal);
    });
    expect(result).toEqual({ code: 7, signal: null, output: `up\ngot ${signal}\n` });
  });

  it("a script that is killed looks killed", async () => {
    expect(await ended(start(node, ["launcher.mjs", "die.mjs"]))).toMatchObject({ code: null, signal: "SIGKILL" });
  });

  it("nothing to start is a usage error", async () => {
    expect(await ended(start(node, ["launcher.mjs"]))).toMatchObject({ code: 2, output: expect.stringContaining("usage:") as string });
  });
});

describe("without Node 26", () => {
  it("says which package is missing, and ends with 69", async () => {
    const alone = await mkdtemp(join(directory, "alone-"));
    // An older Node as the launcher sees one: only the version differs.
    await writeFile(
      join(alone, "pretend.mjs"),
      'Object.defineProperty(process, "versions", { value: { ...process.versions, modules: "115", node: "20.0.0" } });\n',
    );
    await cp(join(directory, "launcher.mjs"), join(alone, "launcher.mjs"));
    await writeFile(join(alone, "package.json"), "{}");
    const elsewhere = await mkdtemp(join(tmpdir(), "bifrost-alone-"));
    await cp(alone, elsewhere, { recursive: true });
    try {
      const result = await ended(start(process.execPath, ["--import", join(elsewhere, "pretend.mjs"), join(elsewhere, "launcher.mjs"), "x.mjs"]));
      expect(result.code).toBe(69);
      expect(result.output).toMatch(/needs Node 26; this is Node 20\.0\.0\. .+ not installed: install without --omit=optional/u);
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });
});
