// How often properties are tried, and with which cases: the same on every machine unless the environment asks for others.
// What fails prints seed, path and the smallest counterexample. To see it again: BIFROST_FUZZ_SEED=… BIFROST_FUZZ_PATH=… and
// that one test. To look longer than a test run should: BIFROST_FUZZ_TIMES=20 BIFROST_FUZZ_SEED=$RANDOM.
import type fc from "fast-check";

const DEFAULT_SEED = 20_261_120;

const times = positive("BIFROST_FUZZ_TIMES") ?? 1;
const seed = positive("BIFROST_FUZZ_SEED") ?? DEFAULT_SEED;
const path = process.env["BIFROST_FUZZ_PATH"];

/** For fc.assert. `count` cases in an ordinary test run. */
export function tries<Values>(count: number): fc.Parameters<Values> {
  return { seed, numRuns: Math.ceil(count * times), ...(path === undefined ? {} : { path }) };
}

function positive(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Error(`${name} is ${JSON.stringify(text)}; a number above 0 is wanted.`);
}
