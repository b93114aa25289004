import { sql } from "kysely";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, it } from "vitest";
import { Fault } from "../../../src/errors.ts";
import { createDatabaseSchedules } from "../../../src/queue/database-schedules.ts";
import { createScheduler } from "../../../src/queue/scheduler.ts";
import type { NewSchedule, Schedule, Schedules } from "../../../src/queue/schedules.ts";
import { describeOnBoth, type HostOnScene, type LedgerScene } from "../../support/ledger-scene.ts";

const PATIENT = { timeout: 20_000, interval: 20 };
const HOURLY: NewSchedule = { name: "hourly", workflow: "wf.ts", inputJson: '{"b":1.0,"a":"\\u0000"}', cron: "0 * * * *", timeZone: "UTC", enabled: true };

describeOnBoth("schedules", (scene) => {
  let schedules: Schedules;
  beforeEach(async () => {
    schedules = createDatabaseSchedules({ db: scene.db, describeServer: "a test" });
    await sql`truncate schedules`.execute(scene.db);
  });

  /** As if it had been due so long ago, and nobody had been there. */
  async function missed(name: string, agoMs: number): Promise<Date> {
    const at = new Date(Date.now() - agoMs);
    await sql`update schedules set next_at = ${at} where name = ${name}`.execute(scene.db);
    return at;
  }

  async function read(name = HOURLY.name): Promise<Schedule> {
    const found = await schedules.get(scene.workspaces[0], name);
    if (found === undefined) throw new Error(`There is no schedule ${name}.`);
    return found;
  }

  async function executions(): Promise<readonly string[]> {
    return (await scene.hosts[0].ledger.list(scene.workspaces[0], {})).executions.map(({ id }) => id);
  }

  it("keep what they were given, and say when they are next due", async () => {
    const put = await schedules.put(scene.workspaces[0], HOURLY);
    expect(put).toMatchObject(HOURLY);
    expect(new Date(put.nextAt ?? "").getTime() % 3_600_000).toBe(0);
    expect(new Date(put.nextAt ?? "").getTime() - Date.now()).toBeLessThanOrEqual(3_600_000);
    expect(await schedules.list(scene.workspaces[0])).toEqual([put]);
    expect(await schedules.list(scene.workspaces[1])).toEqual([]);
    const paused = await schedules.put(scene.workspaces[0], { ...HOURLY, enabled: false });
    expect(paused.nextAt).toBeUndefined();
    expect([await schedules.remove(scene.workspaces[0], HOURLY.name), await schedules.remove(scene.workspaces[0], HOURLY.name)]).toEqual([true, false]);
  });

  it("stay due where only what they run is changed, and are not where their times are, or they were paused", async () => {
    await schedules.put(scene.workspaces[0], HOURLY);
    const at = await missed(HOURLY.name, 1000);
    expect((await schedules.put(scene.workspaces[0], { ...HOURLY, inputJson: "{}" })).nextAt).toBe(at.toISOString());
    expect(Date.parse((await schedules.put(scene.workspaces[0], { ...HOURLY, cron: "30 * * * *" })).nextAt ?? "")).toBeGreaterThan(Date.now());
    await missed(HOURLY.name, 1000);
    await schedules.put(scene.workspaces[0], { ...HOURLY, cron: "30 * * * *", enabled: false });
    expect(Date.parse((await schedules.put(scene.workspaces[0], { ...HOURLY, cron: "30 * * * *" })).nextAt ?? "")).toBeGreaterThan(Date.now());
  });

  it.each([
    [{ cron: "soon" }, 'cron is "soon"'],
    [{ cron: "0 0 31 2 *" }, 'cron is "0 0 31 2 *"'],
    [{ timeZone: "Berlin" }, 'timeZone is "Berlin"'],
    [{ name: "" }, 'name of a schedule is ""'],
    [{ name: "a\nb" }, "name of a schedule"],
    [{ name: "x".repeat(101) }, "name of a schedule"],
  ])("are refused with %j, and nothing is kept", async (change, message) => {
    const refused = schedules.put(scene.workspaces[0], { ...HOURLY, ...change });
    await expect(refused).rejects.toMatchObject({ code: "ERR_INPUT_INVALID", message: expect.stringContaining(message) as string });
    expect(await schedules.list(scene.workspaces[0])).toEqual([]);
  });

  it("over two hosts are executed once each time, though both see that they are due", async () => {
    const names = Array.from({ length: 30 }, (_, index) => `schedule ${index}`);
    for (const name of names) {
      await schedules.put(scene.workspaces[0], { ...HOURLY, name });
      await missed(name, 50);
    }
    await using _one = scheduler(scene, { host: scene.hosts[0] });
    await using _other = scheduler(scene, { host: scene.hosts[1] });
    await expect.poll(async () => (await schedules.list(scene.workspaces[0])).every((each) => each.lastExecutionId !== undefined), PATIENT).toBe(true);
    await sleep(100);
    const ids = (await schedules.list(scene.workspaces[0])).map((each) => each.lastExecutionId);
    expect((await executions()).toSorted()).toEqual(ids.toSorted());
  });

  it("that are due again and again have one execution for each time, whoever submits it", async () => {
    await schedules.put(scene.workspaces[0], { ...HOURLY, cron: "* * * * * *" });
    const submitted: string[] = [];
    {
      await using _one = scheduler(scene, { host: scene.hosts[0], submitted });
      await using _other = scheduler(scene, { host: scene.hosts[1], submitted });
      await expect.poll(() => new Set(submitted).size, PATIENT).toBeGreaterThanOrEqual(3);
    }
    expect((await executions()).length).toBe(new Set(submitted).size);
  });

  it("that nobody looked at for a day are made up for once, and go on from now", async () => {
    await schedules.put(scene.workspaces[0], HOURLY);
    const at = await missed(HOURLY.name, 24 * 3_600_000);
    await using _scheduler = scheduler(scene);
    await expect.poll(async () => (await read()).lastAt, PATIENT).toBe(at.toISOString());
    await sleep(150);
    expect(await executions()).toEqual([(await read()).lastExecutionId]);
    expect(Date.parse((await read()).nextAt ?? "")).toBeGreaterThan(Date.now());
  });

  it("have one execution where a host died between submitting it and putting it behind", async () => {
    await schedules.put(scene.workspaces[0], HOURLY);
    await missed(HOURLY.name, 1000);
    let died = false;
    const advance: Schedules["advance"] = async (...asked) => {
      if (died) return await schedules.advance(...asked);
      died = true;
      throw new Fault("ERR_DATABASE_UNAVAILABLE", "The database does not answer.");
    };
    await using _scheduler = scheduler(scene, { schedules: { ...schedules, advance } });
    await expect.poll(async () => (await read()).lastExecutionId, PATIENT).toBeDefined();
    expect([died, await executions()]).toEqual([true, [(await read()).lastExecutionId]]);
  });

  it("wait where they cannot be submitted for now, and say why where they cannot be at all", async () => {
    await schedules.put(scene.workspaces[0], HOURLY);
    const at = await missed(HOURLY.name, 1000);
    const said: string[] = [];
    let tries = 0;
    const submit = (): Promise<string> => {
      tries += 1;
      const fault = tries < 3 ? new Fault("ERR_EXECUTOR_CLOSED", "closing") : new Fault("ERR_WORKFLOW_NOT_FOUND", "No workflow is named wf\u0000.");
      return Promise.reject(fault);
    };
    await using _scheduler = createScheduler({ schedules, submit, everyMs: 20, log: (message) => void said.push(message) });
    await expect.poll(async () => await read(), PATIENT).toMatchObject({ lastAt: at.toISOString(), lastError: "No workflow is named wf\u0000." });
    expect([tries, (await read()).lastExecutionId]).toEqual([3, undefined]);
    expect(Date.parse((await read()).nextAt ?? "")).toBeGreaterThan(Date.now());
    expect(said).toEqual([expect.stringContaining("hourly")]);
  });

  it("that are not enabled are not executed", async () => {
    await schedules.put(scene.workspaces[0], { ...HOURLY, enabled: false });
    await missed(HOURLY.name, 1000);
    await using _scheduler = scheduler(scene);
    await sleep(150);
    expect(await executions()).toEqual([]);
  });
});

interface SchedulerOptions {
  readonly host?: HostOnScene;
  readonly schedules?: Schedules;
  /** Ids that submissions gave, one for each. */
  readonly submitted?: string[];
}

function scheduler(scene: LedgerScene, { host = scene.hosts[0], schedules, submitted }: SchedulerOptions = {}): AsyncDisposable {
  return createScheduler({
    schedules: schedules ?? createDatabaseSchedules({ db: scene.db, describeServer: "a test" }),
    everyMs: 20,
    async submit({ workspace, name, inputJson }, idempotencyKey) {
      const { id } = await host.ledger.accept(scene.order({ workspace, askedBy: `schedule:${name}`, inputJson, idempotencyKey }));
      submitted?.push(id);
      return id;
    },
    log: () => {},
  });
}
