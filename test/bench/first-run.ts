// One first-ever run in a process of its own: `first-run.ts ours|floor|floor-sync <modules>`. Prints the milliseconds from the
// first import to the answer: compiler, modules and processes included, the start of this Node not.
import { sampleGraph, type SampleGraph } from "./module-graph.ts";

const [contender = "ours", modules = "1"] = process.argv.slice(2);
const graph = sampleGraph(Number(modules));
const INPUT = 7;

const begun = performance.now();
const { answer, close } = contender === "ours" ? await firstOfOurs(graph) : await firstOfFloor(contender === "floor" ? "floor" : "floor-sync", graph);
const milliseconds = performance.now() - begun;
graph.check(answer, INPUT);
await close();
process.stdout.write(`${milliseconds}\n`);

interface First {
  readonly answer: unknown;
  close(): Promise<void>;
}

async function firstOfOurs({ files, entry, input }: SampleGraph): Promise<First> {
  const { createHarness, closeSharedPools } = await import("../../src/testing/index.ts");
  const { createOurs } = await import("./ours.ts");
  const harness = await createHarness({ files });
  return {
    answer: await createOurs(harness, entry).run(input(INPUT)),
    async close() {
      await harness.dispose();
      await closeSharedPools();
    },
  };
}

async function firstOfFloor(kind: "floor" | "floor-sync", given: SampleGraph): Promise<First> {
  const { createFloor, transpileForFloor } = await import("./floor.ts");
  const floor = createFloor(kind, given, await transpileForFloor(given));
  return { answer: await floor.run(given.input(INPUT)), close: floor.rest };
}
