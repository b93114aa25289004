// The fixture set through `run-workflow --directory`: the whole envelope is the harness's. Two processes are always at
// work, ahead of the tests that ask for what they gave.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import { FAULTS, isFaultCode } from "../../src/errors.ts";
import { openDirectory } from "../../src/open.ts";
import { closeSharedPools, createHarness } from "../../src/testing/index.ts";
import { LeakWatch } from "../support/leaks.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { openCli, type CliRoute } from "./cli-route.ts";
import type { Fixture } from "./fixture.ts";
import { fixtures as all } from "./fixtures/all.ts";
import { expectEnvelope, lasting } from "./outcome.ts";

type Answer = Awaited<ReturnType<CliRoute["envelope"]>>;

const AT_ONCE = 2;
/** All go through the harness (harness.test.ts); a process for each would take as long as the rest of the suite's command lines together. */
const EVERY = 3;
const fixtures = all.filter((_, index) => index % EVERY === 0);
const leaks = new LeakWatch({ mayStay: (command) => command.includes("esbuild") });
const answers = fixtures.map(() => Promise.withResolvers<Answer>());
let cli: CliRoute;

beforeAll(async () => {
  cli = openCli();
  await compileAhead();
  const waiting = fixtures.map((fixture, index) => ({ fixture, answer: answers[index] }));
  for (let lane = 0; lane < AT_ONCE; lane++) void serve();

  async function serve(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await runByCli(next.fixture).then(next.answer?.resolve, next.answer?.reject);
  }
});

afterAll(async () => {
  await Promise.allSettled(answers.map(({ promise }) => promise));
  cli[Symbol.dispose]();
  await closeSharedPools();
  await leaks.check();
  leaks.close();
});

/** All in one process, into the cache that the commands share: else each of them would load the compiler for a few lines. */
async function compileAhead(): Promise<void> {
  using directory = temporaryDirectory(
    Object.fromEntries(fixtures.flatMap(({ files }, index) => Object.entries(files).map(([path, content]) => [`f${index}/${path}`, content]))),
  );
  await using executor = await openDirectory(readConfig(cli.environment), { directory: directory.path });
  for (const [index, { entry = "wf.ts" }] of fixtures.entries()) await executor.run(`f${index}/${entry}`, "{}", { mode: "validate" }).catch(() => undefined);
}

async function runByCli({ files, entry = "wf.ts", input = {} }: Fixture): Promise<Answer> {
  using directory = temporaryDirectory(files);
  return await cli.envelope(["--directory", directory.path, "--input", JSON.stringify(input), entry]);
}

describe("B94: the command line over a directory and the harness give one envelope (of every third fixture)", () => {
  it.each(fixtures.map((fixture, index) => ({ name: fixture.name, fixture, answered: answers[index]?.promise })))(
    "$name",
    { timeout: 120_000 },
    async ({ fixture, answered }) => {
      await using harness = await createHarness({ files: fixture.files, limits: { timeoutMs: 60_000 } });
      const ours = await harness.run(fixture.entry ?? "wf.ts", fixture.input);
      const { execution, exitCode } = (await answered) as Answer;
      expectEnvelope(execution, fixture);
      const given = { ...lasting(execution), ...(fixture.racing === true ? { modules: lasting(ours)["modules"] } : {}) };
      expect(given).toEqual(lasting(ours));
      expect(exitCode).toBe(exitCodeFor(fixture));
    },
  );
});

function exitCodeFor({ expect: { error, result } }: Fixture): number {
  if (isFaultCode(error?.code)) return FAULTS[error.code].exitCode;
  return error !== undefined || (result as { success?: unknown } | null | undefined)?.success === false ? 1 : 0;
}
