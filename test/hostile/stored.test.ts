// Attacks over a real Redis and a real PostgreSQL: a part of every group, and after each a look at what it left there.
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Fault } from "../../src/errors.ts";
import { DEFAULT_LIMITS } from "../../src/limits.ts";
import { workflow } from "../support/engine.ts";
import { useStoredWorld } from "../support/stored-world.ts";
import type { HostileCase } from "./case.ts";
import { BOUNDARY } from "./cases/boundary.ts";
import { CRASH } from "./cases/crash.ts";
import { ESCAPE } from "./cases/escape.ts";
import { MEMORY } from "./cases/memory.ts";
import { TIME } from "./cases/time.ts";
import { TIME_LIMITS } from "./cases/time-limits.ts";
import { TIME_NATIVE } from "./cases/time-native.ts";
import { attack, goodRun, ownText } from "./hostile.ts";
import { hostTraces, plantCanary } from "./host-traces.ts";

const world = useStoredWorld();

/** Every so manieth: each kind of end is among them, and a run of them all takes seconds. */
const STEP = 19;
/** Reading the parameters of a workflow, which follows each save, would go as far as its own limit of seconds. */
const SLOW = /top level|top-level/;
const PART: readonly HostileCase[] = [TIME, TIME_NATIVE, TIME_LIMITS, MEMORY, CRASH, ESCAPE, BOUNDARY].flatMap((cases) =>
  cases.filter(({ title }) => !SLOW.test(title)).filter((_, index) => index % STEP === 4),
);

/** What any workspace has, whether it runs anything or not. */
const MODULE_KEYS = /:module:(?:head|index|content|compiled|tree|snapshot)/;

describe("over servers", () => {
  it.each(PART.map((each) => [`${each.promise}: ${each.title}`, each] as const))("%s", async (_title, each) => {
    plantCanary();
    const { servers } = world;
    const { outcome, home, id } = await attack(each, { servers, workspace: randomUUID() });
    const bystander = await world.harness();
    await bystander.write(home === undefined ? {} : { "good.ts": (await home.executor.readFile("good.ts")).bytes });
    try {
      if (home !== undefined) await Promise.all([goodRun(bystander), goodRun(home)]);
    } finally {
      await home?.dispose();
    }
    each.expect(outcome);
    expect(hostTraces(outcome, ownText(each))).toEqual([]);
    await bystander.executor.settled();
    const keys = await world.redis.keys("*");
    expect(keys.filter((key) => !MODULE_KEYS.test(key))).toEqual([]);
    const records = await world.rows("select status, finished_at is not null as finished from executions where id = $1", [id]);
    const began = !(outcome instanceof Fault) && each.dryRun !== true;
    expect(records).toEqual(began ? [{ status: outcome.status, finished: true }] : []);
  });

  it("ends within the limit: modules that loop while the parameters of a saved workflow are read; the reason is kept with it", async () => {
    const limits = { ...DEFAULT_LIMITS, wallMs: 300 };
    const host = await world.host(randomUUID(), ({ workspace }) => ({ describe: true, workspace: { ...workspace, limits } }));
    await host.write({ "wf.ts": workflow("return 1;", "for (;;);"), "good.ts": workflow("return 'good';") });
    await host.settled();
    expect(await host.run("good.ts", "{}")).toMatchObject({ status: "Success", result: "good" });
    const executables = await host.executables();
    expect(executables.find(({ path }) => path === "wf.ts")).toMatchObject({ parameters: null, parametersReason: expect.stringContaining("300 ms") as string });
  });
});
