// Measures contenders side by side, round by round (A B C A B C …), so that what else the machine does falls on all of them.
// A ratio is taken within each round and then the median of those: it outlives drift that the times do not.
import { timeRun, type Contender } from "./contender.ts";
import { median, summarise, type Summary } from "./statistics.ts";

export interface Amount {
  readonly rounds: number;
  /** In each round every contender runs at least so often, and at least so long. */
  readonly perRound: number;
  readonly perRoundMs: number;
  readonly warmUps: number;
}

export interface Workload {
  readonly input: (n: number) => unknown;
  readonly check: (answer: unknown, n: number) => void;
  /** Whether everything comes to rest before the next run. */
  readonly rest: boolean;
}

export interface Measured {
  readonly samples: Summary;
  /** Median of the per-round ratios of this contender to the one named. */
  readonly ratioTo: Readonly<Record<string, number>>;
}

export async function measure(contenders: readonly Contender[], workload: Workload, amount: Amount): Promise<Record<string, Measured>> {
  const samples = new Map(contenders.map((contender) => [contender, { all: [] as number[], rounds: [] as number[] }]));
  for (const contender of contenders) for (let count = 0; count < amount.warmUps; count++) await sample(contender, workload);
  for (let round = 0; round < amount.rounds; round++) {
    for (const contender of contenders) {
      const taken = await takeRound(contender, workload, amount);
      samples.get(contender)!.all.push(...taken);
      samples.get(contender)!.rounds.push(median(taken));
    }
  }
  return Object.fromEntries(
    contenders.map((contender) => {
      const own = samples.get(contender)!;
      const others = contenders.filter((other) => other !== contender);
      const ratioTo = Object.fromEntries(others.map((other) => [other.name, medianRatio(own.rounds, samples.get(other)!.rounds)]));
      return [contender.name, { samples: summarise(own.all), ratioTo }];
    }),
  );
}

export function medianRatio(own: readonly number[], base: readonly number[]): number {
  return median(own.map((value, round) => value / base[round]!).filter(Number.isFinite));
}

async function takeRound(contender: Contender, workload: Workload, { perRound, perRoundMs }: Amount): Promise<readonly number[]> {
  const taken: number[] = [];
  const begun = performance.now();
  await contender.rest();
  while (taken.length < perRound || performance.now() - begun < perRoundMs) taken.push(await sample(contender, workload));
  await contender.rest();
  return taken;
}

let inputs = 0;

async function sample(contender: Contender, { input, check, rest }: Workload): Promise<number> {
  const n = inputs++;
  const milliseconds = await timeRun(contender, input(n), (answer) => check(answer, n));
  if (rest) await contender.rest();
  return milliseconds;
}
