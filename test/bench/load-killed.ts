// Many executions that wait, over two hosts, one of which is killed midway: each has one end, and none is run twice that
// must not be.
import pg from "pg";
import { setTimeout as sleep } from "node:timers/promises";
import { ask, type LoadWorld, type Measured } from "./load-world.ts";
import { table, verdict } from "./table.ts";

const FILES = {
  "again.ts": `import { workflow } from "bifrost";\nexport default workflow({ retry: { attempts: 5, backoff: "100ms" }, idempotent: true }, async (params: { n: number }) => { await new Promise((r) => setTimeout(r, 5)); return params.n; });\n`,
};
const AT_ONCE = 50;

export async function killedMidway({ services, servers }: LoadWorld, runs: number): Promise<Measured> {
  const { token } = services;
  const [first] = await Promise.all([
    services.work({ env: { ...servers, BIFROST_LOG_LEVEL: "info" } }),
    services.work({ env: { ...servers, BIFROST_LOG_LEVEL: "info" } }),
  ]);
  const service = await services.serve({ env: servers });
  await ask(service, { token, method: "PUT", path: "/v1/files", body: { files: FILES } });
  const client = new pg.Client({ connectionString: servers.DATABASE_URL });
  await client.connect();
  const count = async (where: string): Promise<number> =>
    Number((await client.query<{ count: string }>(`select count(*) from executions where ${where}`)).rows[0]?.count);
  try {
    // Described before: the policy stands with the workflow.
    for (;;) {
      const { retry } = (await ask(service, { token, path: "/v1/workflows/again.ts" })) as { retry?: unknown };
      if (retry !== null && retry !== undefined) break;
      await sleep(100);
    }
    const begun = performance.now();
    let next = 0;
    async function lane(): Promise<void> {
      while (next < runs)
        await ask(service, { token, method: "POST", path: "/v1/executions", body: { workflow: "again.ts", input: { n: next++ }, mode: "async" } });
    }
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    const acceptedMs = performance.now() - begun;
    while ((await count("finished_at is not null")) < runs / 4) await sleep(50);
    await first.kill();
    while ((await count("finished_at is null")) > 0) await sleep(200);
    const seconds = (performance.now() - begun) / 1000;
    const [succeeded, again, rows] = [await count("status = 'Success'"), await count("attempt > 1"), await count("true")];
    const text = table(
      ["queued over two hosts, one killed midway", "accepted in s", "all ended in s", "begun again", "promise"],
      [[String(runs), (acceptedMs / 1000).toFixed(1), seconds.toFixed(1), String(again), verdict("each succeeds once", succeeded === runs && rows === runs)]],
    );
    return { text, runs, succeeded, again, rows, seconds, acceptedMs };
  } finally {
    await client.end();
  }
}
