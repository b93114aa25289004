// Memory of a service over many runs: the live heap and the resident set, after a quarter of them and at the end.
import autocannon from "autocannon";
import { ask, HELLO, type LoadWorld, type Measured } from "./load-world.ts";
import { table } from "./table.ts";

const CONNECTIONS = 50;

export async function memoryOver({ services, servers }: LoadWorld, runs: number): Promise<Measured> {
  const { token } = services;
  const service = await services.serve({ args: ["--work"], env: servers });
  await ask(service, { token, method: "PUT", path: "/v1/files", body: { files: HELLO } });
  const samples: Sample[] = [];
  let errors = 0;
  for (let quarter = 0; quarter < 4; quarter++) {
    const result = await autocannon({
      url: `${service.url}/v1/executions`,
      method: "POST",
      connections: CONNECTIONS,
      amount: runs / 4,
      timeout: 60,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ workflow: "hello.ts", input: { n: 7 } }),
    });
    errors += result.errors + result.non2xx;
    samples.push(await sampleOf(service.url, token));
    process.stderr.write(`${(quarter + 1) * (runs / 4)} of ${runs}\n`);
  }
  const shown = (name: "heap" | "resident"): string[] => samples.map((sample) => (sample[name] / 1024 / 1024).toFixed(1));
  const rows = [
    ["heap", ...shown("heap")],
    ["resident", ...shown("resident")],
  ];
  const text = `${runs} runs, ${errors} errors\n\n${table(["memory of the service, MB", "after a quarter", "a half", "three quarters", "at the end"], rows)}`;
  return { text, runs, errors, samples };
}

interface Sample {
  readonly heap: number;
  readonly resident: number;
}

/** The smallest of some seconds: what lies about until the next collection is not held. */
async function sampleOf(url: string, token: string): Promise<Sample> {
  let least: Sample = { heap: Number.POSITIVE_INFINITY, resident: Number.POSITIVE_INFINITY };
  for (let second = 0; second < 8; second++) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const text = String(await ask({ url }, { token, path: "/metrics" }));
    const read = (name: string): number => Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text)?.[1]);
    least = {
      heap: Math.min(least.heap, read("nodejs_heap_size_used_bytes")),
      resident: Math.min(least.resident, read("process_resident_memory_bytes")),
    };
  }
  return least;
}
