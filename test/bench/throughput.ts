// How many fresh sandboxes a second come out when two are asked for at a time, clearing away included.
import { createHarness } from "../../src/testing/harness.ts";
import { settledProcesses } from "../../src/testing/shared-pools.ts";
import { createFloor, transpileForFloor } from "./floor.ts";
import { sampleGraph } from "./module-graph.ts";
import { createOurs } from "./ours.ts";
import { medianRatio } from "./rounds.ts";
import type { Row } from "./row.ts";
import { summarise } from "./statistics.ts";

const LANES = 2;

export interface ThroughputAmount {
  readonly rounds: number;
  readonly windowMs: number;
}

export async function* throughput(amount: ThroughputAmount): AsyncGenerator<Row> {
  for (const modules of [1, 50]) yield await throughputRow(modules, amount);
}

async function throughputRow(modules: number, { rounds, windowMs }: ThroughputAmount): Promise<Row> {
  const graph = sampleGraph(modules);
  await using harness = await createHarness({ files: graph.files });
  const code = await transpileForFloor(graph);
  const ours = createOurs(harness, graph.entry);
  const runs: Record<string, (input: unknown) => Promise<unknown>> = {
    ours: (input) => ours.run(input),
    floor: createFloor("floor", graph, code).runWhole,
    "floor-sync": createFloor("floor-sync", graph, code).runWhole,
  };
  const rates = Object.fromEntries(Object.keys(runs).map((name) => [name, [] as number[]]));
  for (let round = -1; round < rounds; round++) {
    for (const [name, run] of Object.entries(runs)) {
      const rate = await runsPerSecond(run, windowMs, (answer, n) => graph.check(answer, n));
      await settledProcesses();
      // The round before the first warms up.
      if (round >= 0) rates[name]!.push(rate);
    }
  }
  const contenders = Object.fromEntries(
    Object.entries(rates).map(([name, own]) => {
      const ratioTo = Object.fromEntries(
        Object.entries(rates)
          .filter(([other]) => other !== name)
          .map(([other, base]) => [other, medianRatio(own, base)]),
      );
      return [name, { samples: summarise(own), ratioTo }];
    }),
  );
  return { name: `two at once, ${modules === 1 ? "1 module" : `${modules} modules`}`, unit: "runs/s", contenders };
}

async function runsPerSecond(run: (input: unknown) => Promise<unknown>, windowMs: number, check: (answer: unknown, n: number) => void): Promise<number> {
  const begun = performance.now();
  let done = 0;
  let next = 0;
  async function lane(): Promise<void> {
    do {
      const n = next++;
      check(await run({ n }), n);
      done++;
    } while (performance.now() - begun < windowMs);
  }
  await Promise.all(Array.from({ length: LANES }, lane));
  return (done * 1000) / (performance.now() - begun);
}
