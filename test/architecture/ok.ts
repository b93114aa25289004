// `npm run ok`: whatever can be said about the code in seconds. Runs its checks side by side, shows what failed, and the time each took.
// With `--static` it leaves the tests out: the form `npm test` begins with.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

interface Check {
  readonly name: string;
  /** Script in node_modules and its arguments. */
  readonly command: readonly string[];
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SOURCES = ["src", "db", "sandbox", "test"];

function types(project: string, name: string): Check {
  const kept = ["--incremental", "--tsBuildInfoFile", `node_modules/.cache/bifrost-executor/${name}.tsbuildinfo`];
  return { name: `types ${name}`, command: ["typescript/lib/tsc.js", "-p", project, ...kept] };
}

const STATIC: readonly Check[] = [
  { name: "format", command: ["oxfmt/bin/oxfmt", "-c", "test/architecture/oxfmt.json", "--check", ...SOURCES, "package.json", "tsconfig.json"] },
  {
    name: "lint",
    command: ["oxlint/bin/oxlint", "-c", "test/architecture/oxlint.json", "--type-aware", "--deny-warnings", "--report-unused-disable-directives", ...SOURCES],
  },
  types("tsconfig.json", "host"),
  types("sandbox/tsconfig.json", "sandbox"),
];

const TESTS: Check = {
  name: "tests without servers",
  command: ["vitest/vitest.mjs", "run", "--config", "test/architecture/vitest.config.ts", "--project", "architecture", "--project", "unit"],
};

interface Outcome {
  readonly check: Check;
  readonly passed: boolean;
  readonly output: string;
  readonly seconds: string;
}

async function perform(check: Check): Promise<Outcome> {
  const begun = performance.now();
  const [script = "", ...rest] = check.command;
  const child = spawn(process.execPath, [`node_modules/${script}`, ...rest], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => output.push(text));
  const [code] = (await once(child, "close")) as [number | null];
  return { check, passed: code === 0, output: output.join(""), seconds: ((performance.now() - begun) / 1000).toFixed(1) };
}

const checks = process.argv.includes("--static") ? STATIC : [...STATIC, TESTS];
const outcomes = await Promise.all(checks.map(perform));
for (const { passed, check, output } of outcomes) {
  if (!passed) process.stdout.write(`\n── ${check.name} ──\n${output}\n`);
  else if (check === TESTS) process.stdout.write(output);
}
for (const { check, passed, seconds } of outcomes) process.stdout.write(`${passed ? "ok    " : "FAILED"}  ${check.name} (${seconds} s)\n`);
process.exitCode = outcomes.every((outcome) => outcome.passed) ? 0 : 1;
