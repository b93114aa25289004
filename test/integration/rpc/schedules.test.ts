// Schedules over HTTP, with real servers: what is taken, what is told of them, and that they run.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runSchedules } from "../../../src/host-schedules.ts";
import { UNOBSERVED } from "../../../src/observe/observe.ts";
import { createDatabaseSchedules } from "../../../src/queue/database-schedules.ts";
import type { Schedules } from "../../../src/queue/schedules.ts";
import { scheduleListSchema, scheduleSchema } from "../../../src/rpc/contract-schedules.ts";
import { useRpcWorld } from "../../support/rpc-world.ts";

let schedules: Schedules;
const world = useRpcWorld(({ host }) => {
  const { db, server: describeServer } = (host as typeof world.host).backing.database;
  schedules = createDatabaseSchedules({ db, describeServer });
  return { schedules };
});
let running: AsyncDisposable;
beforeAll(() => {
  running = runSchedules({ schedules, host: world.host, observe: UNOBSERVED, log: () => {} });
});
afterAll(() => running[Symbol.asyncDispose]());

const FILES = { "wf.ts": `import { workflow } from "bifrost";\nexport default workflow(async (params: any) => params);\n` };
const MORNINGS = { workflow: "wf", cron: "0 6 * * *", timeZone: "Europe/Berlin" };

describe("schedules over HTTP", () => {
  it("are put, got, listed without input, replaced and deleted", async () => {
    const workspace = await world.workspace(FILES);
    const path = `/v1/schedules/${encodeURIComponent("jeden Morgen/1")}`;
    const input = '{"b":1.10,"a":12345678901234567890}';
    const put = await world.ask("PUT", path, { workspace, body: `{"workflow":"wf","input":${input},"cron":"0 6 * * *","timeZone":"Europe/Berlin"}` });
    expect([put.status, put.body]).toMatchObject([200, { ...MORNINGS, name: "jeden Morgen/1", enabled: true }]);
    expect(put.text).toContain(`"input":${input}`);
    expect(scheduleSchema.parse(put.body)).toEqual(put.body);
    expect(new Date(put.body.nextAt).getTime()).toBeGreaterThan(Date.now());
    expect((await world.ask("GET", path, { workspace })).text).toBe(put.text);
    const { body: list } = await world.ask("GET", "/v1/schedules", { workspace });
    expect(scheduleListSchema.parse(list)).toEqual(list);
    expect(list.schedules).toEqual([{ ...MORNINGS, name: "jeden Morgen/1", enabled: true, nextAt: put.body.nextAt }]);
    const paused = await world.ask("PUT", path, { workspace, body: { workflow: "wf.ts", cron: "@hourly", enabled: false } });
    expect(paused.body).toEqual({ name: "jeden Morgen/1", workflow: "wf.ts", cron: "@hourly", timeZone: "UTC", enabled: false, input: {} });
    expect((await world.ask("DELETE", path, { workspace })).status).toBe(204);
    expect((await world.ask("DELETE", path, { workspace })).status).toBe(404);
    expect((await world.ask("GET", path, { workspace })).status).toBe(404);
  });

  it("belong to their workspace", async () => {
    const [one, other] = [await world.workspace(FILES), await world.workspace(FILES)];
    await world.ask("PUT", "/v1/schedules/x", { workspace: one, body: MORNINGS });
    expect((await world.ask("GET", "/v1/schedules", { workspace: other })).body).toEqual({ schedules: [] });
    expect((await world.ask("DELETE", "/v1/schedules/x", { workspace: other })).status).toBe(404);
  });

  it.each([
    ["cron", { ...MORNINGS, cron: "0 25 * * *" }, 400, 'cron is "0 25 * * *"; expected a cron expression'],
    ["cron", { ...MORNINGS, cron: "0 0 31 2 *" }, 400, "expected a time that comes"],
    ["timeZone", { ...MORNINGS, timeZone: "Mars/Olympus" }, 400, 'timeZone is "Mars/Olympus"; expected an IANA time zone'],
    ["workflow", { ...MORNINGS, workflow: "absent" }, 404, "absent"],
    ["body", { ...MORNINGS, zone: "UTC" }, 400, "zone"],
  ])("are refused with the value named where the %s cannot be: %j", async (path, body, status, detail) => {
    const workspace = await world.workspace(FILES);
    const answer = await world.ask("PUT", "/v1/schedules/x", { workspace, body });
    expect([answer.status, answer.body.detail]).toEqual([status, expect.stringContaining(detail)]);
    if (path === "cron" || path === "timeZone") expect(answer.body.details.path).toBe(path);
    expect((await world.ask("GET", "/v1/schedules", { workspace })).body).toEqual({ schedules: [] });
  });

  it("need the scopes write to be changed and read to be seen", async () => {
    const workspace = await world.workspace(FILES);
    const [reads, executes] = [await world.token(["read"], workspace), await world.token(["execute"], workspace)];
    const put = { body: MORNINGS, workspace };
    expect((await world.ask("PUT", "/v1/schedules/x", { ...put, token: reads })).status).toBe(403);
    expect((await world.ask("GET", "/v1/schedules", { workspace, token: executes })).status).toBe(403);
    expect((await world.ask("GET", "/v1/schedules", { workspace, token: reads })).status).toBe(200);
    expect((await world.ask("DELETE", "/v1/schedules/x", { workspace, token: executes })).status).toBe(403);
  });

  it("are executed when they are due, and say how it went", async () => {
    const workspace = await world.workspace(FILES);
    await world.ask("PUT", "/v1/schedules/often", { workspace, body: { workflow: "wf", input: { n: 1 }, cron: "* * * * * *" } });
    const read = async () => (await world.ask("GET", "/v1/schedules/often", { workspace })).body;
    await expect.poll(async () => (await read()).lastExecutionId, { timeout: 10_000 }).toBeDefined();
    const { lastExecutionId, lastAt, nextAt } = await read();
    expect(Date.parse(nextAt)).toBeGreaterThan(Date.parse(lastAt));
    const { body } = await world.ask("GET", `/v1/executions/${lastExecutionId}/result?waitMs=10000`, { workspace });
    expect(body).toMatchObject({ status: "Success", result: { n: 1 } });
    expect((await world.ask("GET", `/v1/executions/${lastExecutionId}`, { workspace })).body).toMatchObject({ askedBy: "schedule:often", input: { n: 1 } });
    await world.ask("DELETE", "/v1/files/wf.ts", { workspace });
    await expect.poll(async () => (await read()).lastError, { timeout: 10_000 }).toContain("wf");
    await world.ask("DELETE", "/v1/schedules/often", { workspace });
  });
});
