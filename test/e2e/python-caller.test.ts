// The README's caller in Python, run as it stands there against a real service.
import { execFile, spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { useServedWorkspace } from "../support/served-workspace.ts";

const CALLER = fileURLToPath(new URL("caller.py", import.meta.url));
const README = fileURLToPath(new URL("../../README.md", import.meta.url));
const { stdout: version } = spawnSync("python3", ["--version"], { encoding: "utf8" });

const served = useServedWorkspace({});

const title =
  version === null
    ? "There is no python3 on this machine: the Python example was not run"
    : `A caller in Python (${version.trim()}) stores a workflow, executes it, waits for another, and is told of a problem`;

it(`Python: ${title}`, async () => {
  if (version === null) return;
  const { stdout } = await promisify(execFile)("python3", [CALLER], { env: { PATH: process.env["PATH"], ...served.remote } });
  expect(stdout.split("\n")).toEqual(["info greeting {'name': 'Ada'}", "Hello, Ada!", "Hello, Grace!", "ERR_PATH_NOT_FOUND final", ""]);
});

it("The README's examples in Python are the one that is run", async () => {
  const examples = [...(await readFile(README, "utf8")).matchAll(/^```python\n([\s\S]*?)^```$/gmu)].map(([, text]) => text);
  for (const example of examples) expect(example).toBe(await readFile(CALLER, "utf8"));
});
