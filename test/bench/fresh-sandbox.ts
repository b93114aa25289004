// What a fresh sandbox costs once everything is warm: 1, 50 and 500 modules, 1 MB through it, hello with and without a schema.
import { createHarness } from "../../src/testing/harness.ts";
import { createFloor, transpileForFloor, type Floor } from "./floor.ts";
import { expectAnswer, HELLO, payloadGraph, sampleGraph, type SampleGraph } from "./module-graph.ts";
import { createOurs } from "./ours.ts";
import { measure, type Amount } from "./rounds.ts";
import { atMostTimes, type Row, type Target } from "./row.ts";

const RATIOS: readonly (readonly [modules: number, limit: number])[] = [
  [1, 2.5],
  [50, 1.6],
  [500, 1.4],
];

/** Each row as soon as it is there. */
export async function* freshSandboxes(amount: Amount): AsyncGenerator<Row> {
  for (const [modules, limit] of RATIOS) {
    yield* sandboxRows(sampleGraph(modules), { amount, name: modules === 1 ? "1 module" : `${modules} modules`, target: atMostTimes(limit, "ours", "floor") });
  }
  yield* sandboxRows(payloadGraph(), { amount, name: "1 MB in and out", target: undefined });
  yield await schemaRow(amount);
}

interface RowPlan {
  readonly name: string;
  readonly amount: Amount;
  readonly target: Target | undefined;
}

async function* sandboxRows(graph: SampleGraph, { name, amount, target }: RowPlan): AsyncGenerator<Row> {
  await using harness = await createHarness({ files: graph.files });
  const code = await transpileForFloor(graph);
  const ours = createOurs(harness, graph.entry);
  const floors = [createFloor("floor", graph, code), createFloor("floor-sync", graph, code)];
  yield { name: `${name}, warm`, unit: "ms", target, contenders: await measure([ours, ...floors], { ...graph, rest: true }, amount) };
  const contenders = await measure([ours, ...floors.map(whole)], { ...graph, rest: false }, amount);
  yield { name: `${name}, back to back`, unit: "ms", contenders };
}

/** Disposal counts where nobody waits in between. */
function whole(floor: Floor): Floor {
  return { ...floor, run: (input) => floor.runWhole(input) };
}

async function schemaRow(amount: Amount): Promise<Row> {
  await using harness = await createHarness({ files: HELLO });
  const contenders = await measure(
    [createOurs(harness, "hello-params.ts", "with params"), createOurs(harness, "hello.ts", "without")],
    { input: (n) => ({ n }), check: (answer, n) => expectAnswer(answer, { n: n + 1, sum: 0 }), rest: true },
    amount,
  );
  return { name: "hello with params: z.object({…}), warm", unit: "ms", contenders, target: atMostTimes(1.5, "with params", "without") };
}
