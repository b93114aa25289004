// How long the next good run takes right after a child had to be killed, beside one that nothing went before, while spares last:
// of another workspace, whose own child is warm, and of the same, which lost its child and gets a spare.
import { DEFAULT_LIMITS, setLimits } from "../../src/limits.ts";
import { openOwnEngine } from "../support/own-engine.ts";
import { resultOf, settled } from "./containment-layers.ts";
import { sampleGraph } from "./module-graph.ts";
import type { Amount } from "./rounds.ts";
import { medianRatio } from "./rounds.ts";
import type { Row } from "./row.ts";
import { summarise } from "./statistics.ts";

const KILLED_MS = 50;
const AFTER = "after a kill";
const QUIET = "after a good run";
/** Answers to nothing but SIGKILL. */
const HOSTILE = {
  "hostile.ts": `import { workflow } from "bifrost";\nexport default workflow(async () => { Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1); });\n`,
};

export async function* replacements(amount: Amount): AsyncGenerator<Row> {
  const graph = sampleGraph(50);
  await using engine = await openOwnEngine({ processes: 2, spares: 2, zodAhead: true });
  const hostile = await engine.workspace("hostile", { ...graph.files, ...HOSTILE });
  const neighbour = await engine.workspace("neighbour", graph.files);

  async function kill(): Promise<void> {
    const { error } = await hostile.run("hostile.ts", "{}", { limits: setLimits(DEFAULT_LIMITS, { wallMs: KILLED_MS }) });
    if (error?.code !== "ERR_TIMEOUT_WALL") throw new Error(`The hostile run ended with ${error?.code ?? "no error"}.`);
  }

  async function quiet(): Promise<void> {
    graph.check(await resultOf(hostile, graph.entry, { n: 1 }), 1);
  }

  for (const [whose, executor] of [["another workspace", neighbour] as const, ["the same workspace", hostile] as const]) {
    const times: Record<string, number[]> = { [AFTER]: [], [QUIET]: [] };
    for (let round = -amount.warmUps; round < amount.rounds; round++) {
      for (const [name, before] of [[AFTER, kill] as const, [QUIET, quiet] as const]) {
        await settled(engine.pools);
        await before();
        const begun = performance.now();
        const answer = await resultOf(executor, graph.entry, { n: round });
        const took = performance.now() - begun;
        graph.check(answer, round);
        if (round >= 0) times[name]!.push(took);
      }
    }
    const figuresOf = (name: string, other: string): Row["contenders"][string] => ({
      samples: summarise(times[name]!),
      ratioTo: { [other]: medianRatio(times[name]!, times[other]!) },
    });
    yield { name: `the next run of ${whose}, 50 modules`, unit: "ms", contenders: { [AFTER]: figuresOf(AFTER, QUIET), [QUIET]: figuresOf(QUIET, AFTER) } };
  }
}
