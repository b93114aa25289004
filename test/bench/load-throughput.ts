// Runs a second that come out of the service over HTTP, asked over many connections at once, beside those that the harness
// gives in the same round on as many processes: what HTTP, records and queue cost.
import autocannon from "autocannon";
import { createHarness } from "../../src/testing/harness.ts";
import { settledProcesses } from "../../src/testing/shared-pools.ts";
import type { ServiceProcess } from "../support/service/service-process.ts";
import { ask, HELLO, type LoadWorld, type Measured } from "./load-world.ts";
import { median } from "./statistics.ts";
import { figure, table, verdict } from "./table.ts";

const CONNECTIONS = 200;
const LEAST_SHARE = 0.6;
const MOST_SPREAD = 10;

interface Round {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly errors: number;
}

export async function throughput(
  { services, servers }: LoadWorld,
  { rounds, windowMs }: { readonly rounds: number; readonly windowMs: number },
): Promise<Measured> {
  await using harness = await createHarness({ files: HELLO });
  const { token } = services;
  const contenders: Record<string, () => Promise<readonly [ServiceProcess, ...ServiceProcess[]]>> = {
    "serve --embedded": async () => [await services.serve({ args: ["--embedded"], env: { BIFROST_DATA: "embedded" } })],
    "serve --work": async () => [await services.serve({ args: ["--work"], env: servers })],
    "serve, and work beside it": async () => [await services.serve({ env: servers }), await services.work({ env: { ...servers, BIFROST_LOG_LEVEL: "info" } })],
  };
  const rows: string[][] = [];
  const figures: Record<string, unknown> = {};
  for (const [name, start] of Object.entries(contenders)) {
    const started = await start();
    const [service] = started;
    await ask(service, { token, method: "PUT", path: "/v1/files", body: { files: HELLO } });
    const ours: Round[] = [];
    const floor: number[] = [];
    for (let round = -1; round < rounds; round++) {
      const base = await harnessRate((n) => harness.run("hello.ts", { n }), windowMs);
      await settledProcesses();
      const own = await loaded(service, { token, windowMs });
      // The round before the first warms up.
      if (round >= 0) {
        floor.push(base);
        ours.push(own);
      }
    }
    const ratio = median(ours.map(({ perSecond }, at) => perSecond / floor[at]!));
    const spread = median(ours.map(({ p50, p99 }) => p99 / p50));
    const errors = ours.reduce((sum, each) => sum + each.errors, 0);
    figures[name] = { ours, floor, ratio, spread, errors };
    rows.push([
      name,
      figure(median(ours.map(({ perSecond }) => perSecond))),
      figure(median(floor)),
      figure(ratio),
      verdict(`≥ ${LEAST_SHARE}`, ratio >= LEAST_SHARE),
      figure(median(ours.map(({ p50 }) => p50))),
      figure(median(ours.map(({ p99 }) => p99))),
      verdict(`< ${MOST_SPREAD} × p50`, spread < MOST_SPREAD),
      verdict("no errors", errors === 0),
    ]);
    process.stderr.write(`${rows.at(-1)?.join("  ")}\n`);
    for (const each of started) await each.end();
  }
  const text = table([`${CONNECTIONS} connections, hello, sync`, "runs/s", "harness", "× harness", "promise", "p50 ms", "p99 ms", "promise", "promise"], rows);
  return { text, ...figures };
}

async function harnessRate(run: (n: number) => Promise<{ readonly status: string }>, windowMs: number): Promise<number> {
  const begun = performance.now();
  let done = 0;
  let next = 0;
  async function lane(): Promise<void> {
    do {
      const { status } = await run(next++);
      if (status !== "Success") throw new Error(`A run of the harness ended as ${status}`);
      done++;
    } while (performance.now() - begun < windowMs);
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  return (done * 1000) / (performance.now() - begun);
}

async function loaded({ url }: ServiceProcess, { token, windowMs }: { readonly token: string; readonly windowMs: number }): Promise<Round> {
  const result = await autocannon({
    url: `${url}/v1/executions`,
    method: "POST",
    connections: CONNECTIONS,
    duration: Math.ceil(windowMs / 1000),
    timeout: 60,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ workflow: "hello.ts", input: { n: 7 } }),
    verifyBody: (body) => {
      const { status, result: answer } = JSON.parse(String(body)) as { status?: string; result?: { hello?: number } };
      return status === "Success" && answer?.hello === 7;
    },
  });
  return {
    perSecond: (result["2xx"] * 1000) / (result.duration * 1000),
    p50: result.latency.p50,
    p99: result.latency.p99,
    errors: result.errors + result.non2xx + result.mismatches + result.timeouts,
  };
}
