// All in one process, and that process killed: what the directory has when it is started again (B112).
import { join } from "node:path";
import { expect, it } from "vitest";
import { createClient, type Client, type FollowedLine } from "../../src/rpc/client.ts";
import { expectNoLeaks } from "../support/leaks.ts";
import { followed, PAUSE, recorded, source, writeWorkflows } from "../support/service/fault-world.ts";
import { startServices, type ServiceProcess } from "../support/service/service-process.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

expectNoLeaks();

const BODY = `${PAUSE} for (let n = 1; n <= params.lines; n += 1) { ctx.log.info("line " + n); await pause(params.ms); } return params.lines;`;

it("B112: kill -9 of serve --embedded, twice: what was acknowledged and told is there, what ran is closed or run again, what waited is run, and nothing is left running", async () => {
  using data = temporaryDirectory();
  await using services = await startServices({ BIFROST_PROCESSES: "2" });
  const start = async (): Promise<readonly [ServiceProcess, Client]> => {
    const serve = await services.serve({ args: ["--embedded", "--data", join(data.path, "data")] });
    return [serve, createClient({ url: serve.url, token: services.token, retries: 0 })];
  };
  const ids: Record<"once" | "again" | "waiting", string[]> = { once: [], again: [], waiting: [] };
  const told = new Map<string, FollowedLine[]>();
  let acknowledged = 0;
  for (const round of [1, 2]) {
    const [serve, client] = await start();
    await writeWorkflows(client, {
      "once.ts": source(BODY),
      "again.ts": source(BODY, `retry: { attempts: 9, backoff: "10ms" }, idempotent: true`),
    });
    for (const workflow of ["once", "again"] as const) {
      const { id } = await client.executions.start(`${workflow}.ts`, { lines: workflow === "once" ? 5000 : 60, ms: 50 }, { priority: 100 });
      ids[workflow].push(id);
      told.set(id, await followed(client, id, ({ sequence }) => sequence === 5));
    }
    for (let n = 0; n < 5; n += 1) ids.waiting.push((await client.executions.start("once.ts", { lines: 1, ms: 1 })).id);
    for (let n = 1; n <= 20; n += 1) {
      await client.files.write({ "a.ts": `export default ${round * 100 + n};` });
      acknowledged = round * 100 + n;
    }
    await serve.kill();
  }
  const [, client] = await start();
  expect((await client.files.read("a.ts")).content).toBe(`export default ${acknowledged};`);
  for (const id of ids.once) expect(await client.executions.result(id)).toMatchObject({ status: "Stuck" });
  for (const id of [...ids.again, ...ids.waiting]) expect(await client.executions.result(id)).toMatchObject({ status: "Success" });
  for (const [id, lines] of told) expect((await recorded(client, id)).slice(0, 5)).toEqual(lines);
  for (const id of [...ids.again, ...ids.waiting]) {
    const numbers = (await recorded(client, id)).map(({ sequence }) => sequence);
    expect(numbers).toEqual(numbers.map((_, at) => at + 1));
  }
  const { executions } = await client.executions.page({ status: ["Scheduled", "Pending", "Running", "Cancelling"] });
  expect(executions).toEqual([]);
}, 120_000);
