// A process that executes for itself, beside hosts that watch it: what takes longer than a sign of life does not end it for others.
import { expect, it } from "vitest";
import { createLedger } from "../../../src/executions/database-ledger.ts";
import { openBacking } from "../../../src/open-stored.ts";
import { useStoredWorld } from "../../support/stored-world.ts";

const world = useStoredWorld();
const FILES = {
  "slow.ts": `import { workflow } from "bifrost";\nexport default workflow(async (p: any) => { await new Promise((r) => setTimeout(r, p.ms)); return p.ms; });\n`,
  "outer.ts": `import { workflow, workflows } from "bifrost";\nexport default workflow(async (p: any) => await workflows.execute("slow.ts", p).catch((error) => error.code));\n`,
};

it("B92: goes on after an execution during which it gave signs of life, also where the next begins in the same moment", async () => {
  const harness = await world.harness({ files: FILES });
  for (const ms of [1400, 1, 1400]) expect((await harness.run("slow.ts", { ms })).status).toBe("Success");
  const together = await Promise.all([1200, 1210, 1300, 1].map(async (ms) => (await harness.run("slow.ts", { ms })).status));
  expect(together).toEqual(["Success", "Success", "Success", "Success"]);
  expect(await world.rows("select count(*)::int as left from hosts where left_at is null")).toEqual([{ left: 0 }]);
});

it("B86: what it runs is cancelled by those who share its database, also what another executes", async () => {
  const harness = await world.harness({ files: FILES });
  const { databaseUrl, redisUrl } = world.servers;
  await using backing = await openBacking({ databaseUrl, redisUrl, dataDirectory: "" }).then((opened) => ({
    ...opened,
    [Symbol.asyncDispose]: () => opened.close(),
  }));
  const ledger = createLedger({ db: backing.database.db, describeServer: backing.database.server });
  const { id: workspace } = harness.executor.workspace;
  const begun = async (): Promise<string> => {
    let id: string | undefined;
    await expect
      .poll(async () => (id = (await ledger.list(workspace, { workflow: "slow.ts", statuses: ["Running"] })).executions[0]?.id), { timeout: 10_000 })
      .toBeDefined();
    return id!;
  };
  const running = harness.run("slow.ts", { ms: 60_000 });
  const id = await begun();
  expect(await ledger.cancel(workspace, id)).toMatchObject({ kind: "cancelling" });
  expect(await running).toMatchObject({ id, status: "Cancelled", error: { code: "ERR_CANCELLED" } });
  expect(await ledger.state(workspace, id)).toMatchObject({ status: "Cancelled" });

  const outer = harness.run("outer.ts", { ms: 60_000 });
  await ledger.cancel(workspace, await begun());
  expect(await outer).toMatchObject({ status: "Success", result: "ERR_CANCELLED" });
});

it("B92: goes on after it was taken for dead, and what it ran then has the end that the others gave it", async () => {
  const harness = await world.harness({ files: FILES });
  const { databaseUrl, redisUrl } = world.servers;
  const backing = await openBacking({ databaseUrl, redisUrl, dataDirectory: "" });
  try {
    const ledger = createLedger({ db: backing.database.db, describeServer: backing.database.server });
    const running = harness.run("slow.ts", { ms: 2500 });
    let hosts: Awaited<ReturnType<typeof ledger.hosts>> = [];
    while (hosts.length === 0) hosts = (await ledger.hosts()).filter(({ name }) => name !== "");
    for (const { id } of hosts) await ledger.reap(id);
    expect((await running).status).toBe("Stuck");
    expect((await harness.run("slow.ts", { ms: 1 })).status).toBe("Success");
  } finally {
    await backing.close();
  }
});
