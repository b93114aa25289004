// `node src/cli/launcher.mjs test/bench/containment.ts`: what it costs to contain, and how soon what must be ended is ended.
//   --quick      a few samples of everything, to see that it runs
//   --only PART  layers, starts, replacement, source or detection
//   --out FILE   where the JSON goes; .bench/containment.json where absent
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { detections, type Detection } from "./containment-detection.ts";
import { costsOfLayers, costsOfStarts } from "./containment-layers.ts";
import { replacements } from "./containment-replacement.ts";
import { sourceBombs } from "./containment-source.ts";
import type { Row } from "./row.ts";
import { figure, table, verdict } from "./table.ts";

const PARTS = ["layers", "starts", "replacement", "source", "detection"] as const;
const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string" }, out: { type: "string", default: ".bench/containment.json" } },
});
if (values.only !== undefined && !PARTS.includes(values.only as (typeof PARTS)[number]))
  throw new Error(`--only is ${values.only}; one of ${PARTS.join(", ")} is wanted.`);

const AMOUNTS = values.quick
  ? {
      layers: { rounds: 2, perRound: 1, perRoundMs: 0, warmUps: 1 },
      starts: 2,
      replacement: { rounds: 2, perRound: 1, perRoundMs: 0, warmUps: 1 },
      source: 1,
      detection: 1,
    }
  : {
      layers: { rounds: 24, perRound: 3, perRoundMs: 100, warmUps: 25 },
      starts: 15,
      replacement: { rounds: 30, perRound: 1, perRoundMs: 0, warmUps: 5 },
      source: 4,
      detection: 10,
    };

const begun = new Date();
const rows: Row[] = [];
const detected: Detection[] = [];
if (wanted("layers")) for await (const row of costsOfLayers(AMOUNTS.layers)) rows.push(tell(row));
if (wanted("starts")) rows.push(tell(await costsOfStarts(AMOUNTS.starts)));
if (wanted("replacement")) for await (const row of replacements(AMOUNTS.replacement)) rows.push(tell(row));
if (wanted("source")) rows.push(tell(await sourceBombs(AMOUNTS.source)));
if (wanted("detection")) {
  for await (const each of detections(AMOUNTS.detection)) {
    detected.push(each);
    process.stderr.write(`${each.form}: ${each.overMs.median.toFixed(0)} ms over the limit\n`);
  }
}

const machine = {
  at: begun.toISOString(),
  cores: availableParallelism(),
  processor: cpus()[0]?.model ?? "unknown",
  node: process.versions.node,
  v8: process.versions.v8,
};
const out = resolve(values.out);
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, `${JSON.stringify({ version: 1, machine, rows, detected }, undefined, 2)}\n`);
process.stdout.write(`${render()}\n\n`);
process.stderr.write(`The same as JSON: ${out}\n`);

function wanted(part: (typeof PARTS)[number]): boolean {
  return values.only === undefined || values.only === part;
}

function tell(row: Row): Row {
  const medians = Object.entries(row.contenders).map(([name, { samples }]) => `${name} ${samples.median.toFixed(2)}`);
  process.stderr.write(`${row.name}: ${medians.join(", ")} ${row.unit}\n`);
  return row;
}

function render(): string {
  const parts: string[] = [];
  if (rows.length > 0) {
    const lines = rows.flatMap(({ name, unit, contenders, target }) =>
      Object.entries(contenders).map(([contender, { samples, ratioTo = {} }], index) => [
        index === 0 ? `${name}, ${unit}` : "",
        contender,
        String(samples.count),
        figure(samples.p5),
        figure(samples.median),
        figure(samples.p95),
        figure(Object.values(ratioTo)[0]),
        index === 0 && target !== undefined ? verdict(target.text, target.kept({ contenders })) : "",
      ]),
    );
    parts.push(table(["", "contender", "samples", "p5", "median", "p95", "× the other", "promise"], lines));
  }
  if (detected.length > 0) {
    const lines = detected.map(({ form, ended, overMs, maxMs }) => [
      form,
      ended,
      String(overMs.count),
      figure(overMs.median),
      figure(maxMs),
      verdict("≤ 500 ms", maxMs <= 500),
    ]);
    parts.push(table(["after a wall limit of 500 ms", "ended as", "samples", "median ms over", "most ms over", "promise"], lines));
  }
  return parts.join("\n\n");
}
