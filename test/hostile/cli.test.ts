// The same attacks through `run-workflow --directory`, a process of its own each: they end in the same status, with the
// same code. Two are always at work, ahead of the tests that ask for what they gave.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Execution } from "../../src/completion.ts";
import { Fault, FAULTS, type FaultCode } from "../../src/errors.ts";
import { settingLabel } from "../../src/settings.ts";
import { settingText } from "../../src/settings-text.ts";
import { MB, type LimitName } from "../../src/limits.ts";
import { openCli, type CliRoute } from "../conformance/cli-route.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { limitsOf, WORKFLOW, type HostileCase } from "./case.ts";
import { BOUNDARY } from "./cases/boundary.ts";
import { CRASH } from "./cases/crash.ts";
import { ESCAPE } from "./cases/escape.ts";
import { HOST_CALLS } from "./cases/host-calls.ts";
import { IMPORTS } from "./cases/imports.ts";
import { LOGS } from "./cases/logs-and-errors.ts";
import { MEMORY } from "./cases/memory.ts";
import { SABOTAGE } from "./cases/sabotage.ts";
import { THROWN } from "./cases/thrown.ts";
import { TIME } from "./cases/time.ts";
import { TIME_LIMITS } from "./cases/time-limits.ts";
import { TIME_NATIVE } from "./cases/time-native.ts";
import { CANARY, hostTraces, plantCanary } from "./host-traces.ts";
import { ownText } from "./hostile.ts";
import { Remains } from "./remains.ts";

interface Answer {
  readonly outcome: Execution | Fault;
  readonly exitCode: number;
  readonly traces: readonly string[];
}

const AT_ONCE = 2;
/** Every so manieth of each group: a command costs a start. */
const STEP = 24;
const GROUPS = {
  time: TIME,
  "time, in V8 itself": TIME_NATIVE,
  "time, and its limits": TIME_LIMITS,
  memory: MEMORY,
  crash: CRASH,
  escape: ESCAPE,
  boundary: BOUNDARY,
  imports: IMPORTS,
  sabotage: SABOTAGE,
  thrown: THROWN,
  "logs and errors": LOGS,
  "host calls": HOST_CALLS,
};
const CASES = Object.entries(GROUPS).flatMap(([group, cases]) =>
  cases.filter(canBeGiven).flatMap((each, index) => (index % STEP === 1 ? [{ group, each }] : [])),
);

const answers = CASES.map(() => Promise.withResolvers<Answer>());
const remains = new Remains(/^$/);
let cli: CliRoute;

beforeAll(() => {
  plantCanary();
  cli = openCli();
  remains.open();
  const waiting = CASES.map(({ each }, index) => ({ each, answer: answers[index] }));
  for (let lane = 0; lane < AT_ONCE; lane++) void serve();

  async function serve(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await runByCli(next.each).then(next.answer?.resolve, next.answer?.reject);
  }
});

afterAll(async () => {
  await Promise.allSettled(answers.map(({ promise }) => promise));
  await remains.check();
  remains.close();
  cli[Symbol.dispose]();
});

/** A directory is read as `push` reads it, which refuses by name what is larger than this. */
function canBeGiven({ notByCli, files }: HostileCase): boolean {
  return notByCli === undefined && Object.values(files).every((content) => content.length <= MB);
}

async function runByCli(each: HostileCase): Promise<Answer> {
  const { files, reference = WORKFLOW, input = {}, dryRun } = each;
  using directory = temporaryDirectory(files);
  using given = temporaryDirectory();
  const inputFile = join(given.path, "input.json");
  writeFileSync(inputFile, JSON.stringify(input));
  const args = ["--directory", directory.path, "--input", `@${inputFile}`, ...(dryRun === true ? ["--dry-run"] : []), reference];
  const { execution, exitCode } = await cli.envelope(args, { BIFROST_DEFAULTS: defaultsOf(each), HOSTILE_CANARY: CANARY });
  const { error, status } = execution as Partial<Execution>;
  const outcome = status === undefined && error !== undefined ? new Fault(error.code as FaultCode, error.message, { details: error.details ?? {} }) : execution;
  // Who names a directory that cannot be read is told which; no author's code has run.
  const own = outcome instanceof Fault ? `${ownText(each)}\n${directory.path}` : ownText(each);
  return { outcome, exitCode, traces: hostTraces(outcome, own) };
}

/** As an operator would set them. */
function defaultsOf(each: HostileCase): string {
  const asked = Object.entries(limitsOf(each)) as [LimitName, number][];
  const limits = asked.map(([name, value]) => `${settingLabel(name)}=${settingText(name, value)}`);
  const grants = Object.keys(each.grants ?? {}).map((name) => `${name}=on`);
  return [...limits, ...grants, ...(each.tier === undefined ? [] : [`tier=${each.tier}`])].join(",");
}

function exitCodeOf(outcome: Execution | Fault): number {
  const code = outcome instanceof Fault ? outcome.code : outcome.error?.code;
  if (code !== undefined) return FAULTS[code].exitCode;
  return outcome instanceof Fault || outcome.status !== "Success" ? 1 : 0;
}

describe("by the command line", () => {
  it.each(CASES.map(({ group, each }, index) => [`${each.promise}: ${each.title} (${group})`, each, answers[index]?.promise] as const))(
    "%s",
    { timeout: 120_000 },
    async (_title, each, answered) => {
      const { outcome, exitCode, traces } = (await answered) as Answer;
      each.expect(outcome);
      expect(exitCode).toBe(exitCodeOf(outcome));
      expect(traces).toEqual([]);
    },
  );
});
