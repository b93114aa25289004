// A newcomer's first minute: clone, then the README's first line, on the Node and the npm that are there, with an empty home.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

it("the README's quick start is two lines of `npm ci && …`; the first ends with a workflow's result on stdout, the second runs the tests", async () => {
  const lines = (await readFile(join(ROOT, "README.md"), "utf8")).split("\n").filter((line) => line.startsWith("npm ci && "));
  expect(lines.length).toBe(2);
  const [first = "", second] = lines;
  expect(second).toBe("npm ci && npm test");

  const home = await mkdtemp(join(tmpdir(), "bifrost-clone-"));
  try {
    const clone = join(home, "clone");
    await mkdir(join(home, "home"));
    await run("git", ["clone", "--quiet", "--no-hardlinks", ROOT, clone]);
    const cache = (await run("npm", ["config", "get", "cache"], { cwd: ROOT })).stdout.trim();
    const PATH = (process.env["PATH"] ?? "")
      .split(delimiter)
      .filter((place) => !place.includes("node_modules"))
      .join(delimiter);
    // What was downloaded once need not be again; all else is a newcomer's.
    const env = { PATH, HOME: join(home, "home"), npm_config_cache: cache, npm_config_prefer_offline: "true" };
    const { stdout } = await run("/bin/sh", ["-c", first], { cwd: clone, env, maxBuffer: 1 << 26 });
    const result = stdout.slice(stdout.search(/^[[{"]/mu));
    expect(() => JSON.parse(result) as unknown, stdout).not.toThrow();
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
