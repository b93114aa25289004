// What the layers around a child cost: the rows of the bench, and the start of a child, with the layers that this platform has and
// without any, side by side in one run.
import type { Executor } from "../../src/executor.ts";
import { readConfig } from "../../src/config.ts";
import type { LayerPlan } from "../../src/process/child-start.ts";
import { bareWrapping } from "../../src/process/hardening/layers.ts";
import { planLayers } from "../../src/process/hardening/plan-layers.ts";
import type { Pools } from "../../src/process/pools.ts";
import { openOwnEngine, type OwnEngine } from "../support/own-engine.ts";
import type { Contender } from "./contender.ts";
import { payloadGraph, sampleGraph, type SampleGraph } from "./module-graph.ts";
import { measure, medianRatio, type Amount } from "./rounds.ts";
import { atMostTimes, type Row } from "./row.ts";
import { summarise } from "./statistics.ts";

const PROCESSES = { processes: 2, spares: 2, zodAhead: true };
const WITH = "with layers";
const WITHOUT = "without";

/** Nothing but what a child always has: no environment, no descriptors. */
function noLayers(): LayerPlan {
  const tools = { setpriv: undefined, unshare: undefined, prlimit: undefined, perl: undefined };
  return { ...planLayers({ cacheDirectory: readConfig().cacheDirectory }), wrapping: bareWrapping(tools), memoryGroups: undefined, permissions: false };
}

/** Each row as soon as it is there. */
export async function* costsOfLayers(amount: Amount): AsyncGenerator<Row> {
  const graphs = [sampleGraph(1), sampleGraph(50), sampleGraph(500), payloadGraph()];
  for (const graph of graphs) yield* rowsOf(graph, amount);
}

async function* rowsOf(graph: SampleGraph, amount: Amount): AsyncGenerator<Row> {
  await using hardened = await openOwnEngine(PROCESSES);
  await using bare = await openOwnEngine({ ...PROCESSES, layers: noLayers() });
  const contenders = [await contender(hardened, { graph, name: WITH }), await contender(bare, { graph, name: WITHOUT })];
  const name = graph.name === "payload" ? "1 MB in and out" : `${graph.count} ${graph.count === 1 ? "module" : "modules"}`;
  const target = atMostTimes(1.25, WITH, WITHOUT);
  for (const rest of [true, false]) {
    yield { name: `${name}, ${rest ? "warm" : "back to back"}`, unit: "ms", target, contenders: await measure(contenders, { ...graph, rest }, amount) };
  }
}

async function contender(engine: OwnEngine, { graph, name }: { readonly graph: SampleGraph; readonly name: string }): Promise<Contender> {
  const executor = await engine.workspace("bench", graph.files);
  return { name, run: (input) => resultOf(executor, graph.entry, input), rest: () => settled(engine.pools) };
}

/** From nothing to a child that is ready and has a room made ahead. */
export async function costsOfStarts(rounds: number): Promise<Row> {
  const plans = { [WITH]: undefined, [WITHOUT]: noLayers() };
  const times: Record<string, number[]> = { [WITH]: [], [WITHOUT]: [] };
  // The round before the first fills what is built and compiled once.
  for (let round = -1; round < rounds; round++) {
    for (const [name, layers] of Object.entries(plans)) {
      await using engine = await openOwnEngine({ processes: 1, spares: 0, zodAhead: false, layers });
      const begun = performance.now();
      engine.pools.children("jit").warm();
      await settled(engine.pools);
      if (round >= 0) times[name]!.push(performance.now() - begun);
    }
  }
  const figuresOf = (name: string, other: string): Row["contenders"][string] => ({
    samples: summarise(times[name]!),
    ratioTo: { [other]: medianRatio(times[name]!, times[other]!) },
  });
  return { name: "start of a child", unit: "ms", contenders: { [WITH]: figuresOf(WITH, WITHOUT), [WITHOUT]: figuresOf(WITHOUT, WITH) } };
}

export async function settled(pools: Pools): Promise<void> {
  await pools.children("jit").settled();
}

/** Throws where the run does not succeed. */
export async function resultOf(executor: Executor, reference: string, input: unknown): Promise<unknown> {
  const { status, result, error } = await executor.run(reference, JSON.stringify(input));
  if (status !== "Success") throw new Error(`${reference} ended as ${status}: ${error?.stack ?? error?.message ?? "no error"}`);
  return result;
}
