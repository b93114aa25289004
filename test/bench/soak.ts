// `node src/cli/launcher.mjs test/bench/soak.ts`: thousands of good and hostile runs of two workspaces on one set of processes.
// Ends with an error where anything was lost, doubled, wrong or left over.
//   --runs N      10000 where absent
//   --seed N      decides who runs what, when; 1 where absent
//   --at-once N   how many are asked for at a time; 4 where absent
//   --out FILE    where the JSON goes; .bench/soak.json where absent
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { balances, soak, type SoakReport } from "./soak-run.ts";
import { figure, table } from "./table.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    "at-once": { type: "string", default: "4" },
    out: { type: "string", default: ".bench/soak.json" },
  },
});

const runs = wholeNumber("--runs", values.runs);
const report = await soak({
  runs,
  seed: wholeNumber("--seed", values.seed),
  atOnce: wholeNumber("--at-once", values["at-once"]),
  processes: Math.max(2, availableParallelism()),
  spares: 2,
  progress(done) {
    if (done % Math.max(1, Math.floor(runs / 20)) === 0) process.stderr.write(`${done} of ${runs}\n`);
  },
});

const out = resolve(values.out);
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, `${JSON.stringify({ version: 1, node: process.versions.node, ...report }, undefined, 2)}\n`);
process.stdout.write(`${render(report)}\n\n`);
process.stderr.write(`The same as JSON: ${out}\n`);
process.exitCode = balances(report) ? 0 : 1;

function render({ options, counters, forms, memory, seconds, left, complaints }: SoakReport): string {
  const { goodOfNeighbour, goodOfMixed, hostile } = counters;
  const of = ({ started, right }: { readonly started: number; readonly right: number }): string => `${right} of ${started}`;
  const megabytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);
  return [
    `${options.runs} runs, seed ${options.seed}, ${options.atOnce} at once on ${options.processes} processes and ${options.spares} spares, in ${(seconds / 60).toFixed(1)} minutes`,
    table(
      ["started", "ended", "lost", "doubled", "logs wrong", "good of the neighbour", "good beside the hostile", "hostile as expected", "left at the end"],
      [
        [
          ...[counters.started, counters.ended, counters.lost, counters.doubled, counters.logsWrong].map(String),
          of(goodOfNeighbour),
          of(goodOfMixed),
          of(hostile),
          left.length === 0 ? "nothing" : left.join("; "),
        ],
      ],
    ),
    table(
      ["memory of the supervisor, MB", "after a quarter", "at the end", "each 1000 runs"],
      [
        ["live heap after a collection", ...trendCells(memory.heapUsed, megabytes)],
        ["resident", ...trendCells(memory.resident, megabytes)],
      ],
    ),
    table(
      ["form", "runs", "right", "median ms", "p95 ms"],
      Object.entries(forms).map(([name, { started, right, ms }]) => [name, String(started), String(right), figure(ms.median), figure(ms.p95)]),
    ),
    ...(complaints.length === 0 ? [] : [complaints.map((each) => `- ${each}`).join("\n")]),
  ].join("\n\n");
}

function trendCells({ first, last, perThousandRuns }: SoakReport["memory"]["heapUsed"], shown: (bytes: number) => string): string[] {
  return [shown(first), shown(last), `${perThousandRuns < 0 ? "" : "+"}${(perThousandRuns / 1024 / 1024).toFixed(3)}`];
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${option} is ${JSON.stringify(text)}; a whole number above 0 is wanted.`);
}
