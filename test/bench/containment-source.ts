// How soon a source that nests little and is still too complex to compile is refused, and what the runs of another workspace cost
// meanwhile. Source is compiled when it is written, under a limit of its own: 5 s of processor time.
import { openOwnEngine } from "../support/own-engine.ts";
import { resultOf, settled } from "./containment-layers.ts";
import { sampleGraph } from "./module-graph.ts";
import { medianRatio } from "./rounds.ts";
import type { Row } from "./row.ts";
import { summarise } from "./statistics.ts";

const BEFORE = "good runs before";
const MEANWHILE = "good runs meanwhile";
const REFUSED = "refused after";

export async function sourceBombs(rounds: number): Promise<Row> {
  const graph = sampleGraph(50);
  await using engine = await openOwnEngine({ processes: 2, spares: 1, zodAhead: true });
  const hostile = await engine.workspace("hostile", {});
  const neighbour = await engine.workspace("neighbour", graph.files);
  const times: Record<string, number[]> = { [REFUSED]: [], [BEFORE]: [], [MEANWHILE]: [] };
  const medians: Record<string, number[]> = { [BEFORE]: [], [MEANWHILE]: [] };

  async function goodRuns(name: string, until: () => boolean): Promise<void> {
    const taken: number[] = [];
    do {
      const begun = performance.now();
      graph.check(await resultOf(neighbour, graph.entry, { n: 1 }), 1);
      taken.push(performance.now() - begun);
      await settled(engine.pools);
    } while (!until());
    times[name]!.push(...taken);
    medians[name]!.push(summarise(taken).median);
  }

  for (let round = 0; round < rounds; round++) {
    let count = 0;
    await goodRuns(BEFORE, () => ++count >= 30);
    let over = false;
    const begun = performance.now();
    const refused = hostile.write({ "bomb.ts": bomb(round) }).then(async () => {
      const { error } = await hostile.run("bomb.ts", "{}");
      if (error?.code !== "ERR_NESTING_LIMIT") throw new Error(`The source bomb ended with ${error?.code ?? "no error"}.`);
      times[REFUSED]!.push(performance.now() - begun);
      over = true;
    });
    await Promise.all([refused, goodRuns(MEANWHILE, () => over)]);
  }
  return {
    name: "a source of 800 kB that is too complex",
    unit: "ms",
    contenders: {
      [REFUSED]: { samples: summarise(times[REFUSED]!) },
      [MEANWHILE]: { samples: summarise(times[MEANWHILE]!), ratioTo: { [BEFORE]: medianRatio(medians[MEANWHILE]!, medians[BEFORE]!) } },
      [BEFORE]: { samples: summarise(times[BEFORE]!) },
    },
  };
}

/** Another text each time: what was refused once is refused at once. */
function bomb(round: number): string {
  return `import { workflow } from "bifrost";\nexport default workflow(async () => ${round});\n${"class A{@a b(@c d){}}".repeat(38_000)}`;
}
