// Runs a group of attacks through the harness, one test each, and after each looks at what an operator would care about:
// the supervisor answers, the next execution of somebody else succeeds, and nothing is left.
import { randomUUIDv7 } from "node:crypto";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Fault } from "../../src/errors.ts";
import { MB, type AskedLimits } from "../../src/limits.ts";
import { closeSharedPools, createHarness, type Execution, type Harness, type HarnessOptions, type HarnessRunOptions } from "../../src/testing/index.ts";
import { settledProcesses } from "../../src/testing/shared-pools.ts";
import { expectNoLeaks } from "../support/leaks.ts";
import { limitsOf, WORKFLOW, type HostileCase } from "./case.ts";
import { usual, type Figures } from "./figures.ts";
import { hostTraces, plantCanary } from "./host-traces.ts";
import { Remains } from "./remains.ts";

/** Runs before the first case, to know how long a good run takes here and now. */
const USUAL_RUNS = 15;

const GOOD = "good.ts";
/** Sees what others may have left: globals and prototypes whose names begin with "hostile", and functions that are not V8's. */
const GOOD_SOURCE = `import { workflow, z } from "bifrost";
export default workflow({ params: z.object({ n: z.number() }) }, async ({ n }, ctx) => {
  ctx.log.info("good");
  await new Promise((r) => setTimeout(r, 1));
  const places: object[] = [globalThis, Object.prototype, Array.prototype, Function.prototype, Promise.prototype, Error.prototype, String.prototype];
  const left = places.flatMap((place) => Reflect.ownKeys(place).map(String).filter((key) => key.startsWith("hostile")));
  const replaced = [Array.prototype.map, Promise.prototype.then, JSON.stringify, Object.keys].filter((each) => !String(each).includes("[native code]"));
  return { doubled: n * 2, left, replaced: replaced.length };
});`;

export interface Watch {
  /** Somebody else's workspace, on the same processes. */
  bystander(): Harness;
  /** Median of good runs before the first test, in milliseconds. */
  usualMs(): number;
  /** Rejects with a list of what is left of processes, descriptors and complaints; resolves once nothing is. */
  nothingLeft(): Promise<void>;
}

/** Call at the top of a test file. */
export function watchSupervisor(): Watch {
  expectNoLeaks({ mayStay: (command) => /child-main|transpile-child|esbuild/.test(command) });
  const remains = new Remains();
  let bystander: Harness;
  let usualMs = 0;

  beforeAll(async () => {
    plantCanary();
    bystander = await createHarness({ workspace: "bystander", files: { [GOOD]: GOOD_SOURCE } });
    usualMs = await usual(USUAL_RUNS, async () => {
      await settledProcesses();
      return await goodRun(bystander);
    });
    remains.open();
    await remains.rest();
  });

  afterAll(async () => {
    remains.close();
    await bystander.dispose();
    await closeSharedPools();
  });

  return { bystander: () => bystander, usualMs: () => usualMs, nothingLeft: () => remains.check() };
}

export function describeHostile(group: string, cases: readonly HostileCase[]): void {
  const watch = watchSupervisor();
  describe(group, () => {
    for (const each of cases) {
      it(`${each.promise}: ${each.title}`, async ({ task }) => {
        const { outcome, home, stallMs } = await attack(each);
        try {
          const nextMs = await goodRun(watch.bystander());
          task.meta.hostile = { group, usualMs: watch.usualMs(), nextMs, stallMs } satisfies Figures;
          if (home !== undefined) await goodRun(home);
        } finally {
          await home?.dispose();
        }
        each.expect(outcome);
        expect(hostTraces(outcome, ownText(each)), "what shows of the host").toEqual([]);
        await watch.nothingLeft();
      });
    }
  });
}

/** `home` is the workspace it was in; undefined where that could not be written. `stallMs`: the longest that the supervisor stood still. */
export async function attack(
  each: HostileCase,
  options: HarnessOptions = {},
): Promise<{ readonly outcome: Execution | Fault; readonly home: Harness | undefined; readonly id: string; readonly stallMs: number }> {
  const id = randomUUIDv7();
  const home = await openHome(each, options).catch(faultOnly);
  if (home instanceof Fault) return { outcome: home, home: undefined, id, stallMs: 0 };
  const cancel = new AbortController();
  let lines = 0;
  let over = false;
  const stalls = monitorEventLoopDelay({ resolution: 5 });
  stalls.enable();
  const outcome = await home
    .run(each.reference ?? WORKFLOW, each.input, {
      ...harnessLimits(limitsOf(each)),
      id,
      dryRun: each.dryRun,
      signal: cancel.signal,
      onLog: () => {
        expect(over, "a log line after the end").toBe(false);
        lines += 1;
        if (each.cancelled === true) cancel.abort();
      },
    })
    .catch(faultOnly);
  over = true;
  stalls.disable();
  await oneResult(home, { id, outcome, dryRun: each.dryRun === true });
  if (!(outcome instanceof Fault)) expect(outcome.logs).toHaveLength(lines);
  return { outcome, home, id, stallMs: stalls.max / 1e6 };
}

/** The record holds what was given, and asking for the same execution again runs nothing. */
async function oneResult(
  home: Harness,
  { id, outcome, dryRun }: { readonly id: string; readonly outcome: Execution | Fault; readonly dryRun: boolean },
): Promise<void> {
  const recorded = await home.executor.execution(id).catch(faultOnly);
  if (outcome instanceof Fault || dryRun) return expect(recorded).toMatchObject({ code: "ERR_EXECUTION_NOT_FOUND" });
  expect(recorded).toEqual(outcome);
  expect(await home.run(WORKFLOW, {}, { id })).toEqual(outcome);
}

export async function openHome({ files, grants, tier }: HostileCase, options: HarnessOptions = {}): Promise<Harness> {
  return await createHarness({ workspace: "hostile", files: { [GOOD]: GOOD_SOURCE, ...files }, grants, tier, ...options });
}

/** How long a good run took, in milliseconds. */
export async function goodRun(harness: Harness): Promise<number> {
  const begun = performance.now();
  const { status, result, error, logs } = await harness.run(GOOD, { n: 21 });
  const took = performance.now() - begun;
  expect({ status, error, logs: logs.map(({ message }) => message), result }).toEqual({
    status: "Success",
    error: undefined,
    logs: ["good"],
    result: { doubled: 42, left: [], replaced: 0 },
  });
  return took;
}

export function harnessLimits({ wallMs, cpuMs, memoryBytes, ...others }: AskedLimits): HarnessRunOptions {
  return { timeoutMs: wallMs, cpuMs, memoryMb: memoryBytes === undefined ? undefined : memoryBytes / MB, ...others };
}

/** All that the author wrote or the caller gave: seeing it again is no leak. */
export function ownText({ files, input, reference, title }: HostileCase): string {
  const contents = Object.entries(files).map(
    ([path, content]) => `${path}\n${typeof content === "string" ? content : Buffer.from(content).toString("latin1")}`,
  );
  return [...contents, JSON.stringify(input), reference, title].join("\n");
}

function faultOnly(error: unknown): Fault {
  if (error instanceof Fault) return error;
  throw error;
}
