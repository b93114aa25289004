// `npm run bench`: what we cost, beside the bare isolated-vm floor on the same modules in the same run. Nothing is gated on the
// figures; an answer that is wrong or a part that does not run ends it with an error.
//   --quick      a few samples of everything, to see that it runs
//   --out FILE   where the JSON goes; .bench/result.json where absent
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { closeSharedPools } from "../../src/testing/shared-pools.ts";
import { commandLine, type CommandRow } from "./command-line.ts";
import { countWarmRun } from "./counts.ts";
import { firstEver } from "./first-ever.ts";
import { freshCheckout } from "./fresh-checkout.ts";
import { freshSandboxes } from "./fresh-sandbox.ts";
import type { Row } from "./row.ts";
import { renderTables } from "./table.ts";
import { throughput } from "./throughput.ts";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false }, out: { type: "string", default: ".bench/result.json" } } });

const AMOUNTS = values.quick
  ? {
      sandbox: { rounds: 1, perRound: 1, perRoundMs: 0, warmUps: 1 },
      throughput: { rounds: 1, windowMs: 50 },
      firstRounds: 1,
      command: { rounds: 1, firstRounds: 1 },
    }
  : {
      sandbox: { rounds: 24, perRound: 3, perRoundMs: 100, warmUps: 25 },
      throughput: { rounds: 6, windowMs: 1500 },
      firstRounds: 5,
      command: { rounds: 12, firstRounds: 5 },
    };

const begun = new Date();
const rows: Row[] = [];
const commands: CommandRow[] = [];
using checkout = freshCheckout();
for await (const row of freshSandboxes(AMOUNTS.sandbox)) rows.push(tell(row));
for await (const row of throughput(AMOUNTS.throughput)) rows.push(tell(row));
const counts = await countWarmRun();
// From here on other processes are measured, beside which ours must not be there.
await closeSharedPools();
for await (const row of firstEver(checkout, AMOUNTS.firstRounds)) rows.push(tell(row));
for await (const row of commandLine(checkout, AMOUNTS.command)) commands.push(tell(row));

const machine = {
  at: begun.toISOString(),
  "on cores": availableParallelism(),
  of: cpus()[0]?.model ?? "an unknown kind",
  node: process.versions.node,
  v8: process.versions.v8,
  "within minutes": Number(((Date.now() - begun.getTime()) / 60_000).toFixed(1)),
};
const promises = [...rows, ...commands]
  .map(({ name, target, contenders }) => ({ name, promise: target?.text, kept: target?.kept({ contenders }) }))
  .filter(({ promise }) => promise !== undefined);
const out = resolve(values.out);
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, `${JSON.stringify({ version: 1, machine, rows, commands, counts, promises }, undefined, 2)}\n`);
process.stdout.write(`${renderTables({ machine, rows, commands, counts })}\n\n`);
process.stderr.write(`The same as JSON: ${out}\n`);

/** Progress for who waits. */
function tell<Given extends Row>(row: Given): Given {
  const medians = Object.entries(row.contenders).map(([name, { samples }]) => `${name} ${samples.median.toFixed(2)}`);
  process.stderr.write(`${row.name}: ${medians.join(", ")} ${row.unit}\n`);
  return row;
}
