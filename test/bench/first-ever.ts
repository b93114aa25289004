// What the very first run costs: a new process, no child ready, nothing compiled, no cache anywhere. The floor transpiles too.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { FreshCheckout } from "./fresh-checkout.ts";
import { medianRatio } from "./rounds.ts";
import type { Row } from "./row.ts";
import { summarise } from "./statistics.ts";

const CONTENDERS = ["ours", "floor", "floor-sync"] as const;

export async function* firstEver(checkout: FreshCheckout, rounds: number): AsyncGenerator<Row> {
  for (const modules of [1, 50, 500]) {
    const samples: Record<string, number[]> = Object.fromEntries(CONTENDERS.map((name) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const name of CONTENDERS) samples[name]!.push(await firstRun(checkout, name, modules));
    }
    const contenders = Object.fromEntries(
      CONTENDERS.map((name) => [name, { samples: summarise(samples[name]!), ratioTo: { floor: medianRatio(samples[name]!, samples["floor"]!) } }]),
    );
    yield { name: `${modules === 1 ? "1 module" : `${modules} modules`}, first ever`, unit: "ms", contenders };
  }
}

async function firstRun(checkout: FreshCheckout, contender: string, modules: number): Promise<number> {
  checkout.forget();
  const script = join(checkout.root, "test", "bench", "first-run.ts");
  const { stdout } = await promisify(execFile)(process.execPath, ["--no-warnings", script, contender, String(modules)], {
    env: { ...checkout.environment, PATH: process.env["PATH"] },
  });
  const milliseconds = Number(stdout);
  if (!(milliseconds > 0)) throw new Error(`The first run of ${contender} printed ${JSON.stringify(stdout)}; milliseconds are wanted.`);
  return milliseconds;
}
