// Callers who wait at a host that is busy: where they wait, and what they are told when their time is up.
import { randomUUIDv7 } from "node:crypto";
import { expect, it } from "vitest";
import { hasEnded, type HostedWorkspace } from "../../../src/host.ts";
import { useRpcWorld } from "../../support/rpc-world.ts";

const world = useRpcWorld();

const FILES = {
  "slow.ts": `import { workflow } from "bifrost";\nexport default workflow(async (params: { ms: number }) => { await new Promise((r) => setTimeout(r, params.ms)); return params.ms; });\n`,
  "fails.ts": `import { workflow } from "bifrost";\nexport default workflow({ retry: { attempts: 3, backoff: "30s" }, idempotent: true }, async () => { throw new Error("again"); });\n`,
};

function asked(ms: number, more: object = {}): { readonly reference: string; readonly inputJson: string; readonly askedBy: string } {
  return { reference: "slow.ts", inputJson: JSON.stringify({ ms }), askedBy: "test", ...more };
}

/** As many as have slots and are let in ahead. */
async function busy(workspace: HostedWorkspace, ms: number): Promise<Promise<unknown>[]> {
  const runs = Array.from({ length: 6 }, () => workspace.execute(asked(ms)));
  await expect.poll(async () => (await workspace.list({ statuses: ["Running"] })).executions.length, { timeout: 10_000 }).toBeGreaterThan(1);
  return runs;
}

it("B92: a caller whose time is up before there was room is told how it stands, and the execution has its end all the same", async () => {
  const workspace = await world.host.workspace(await world.workspace(FILES));
  const runs = await busy(workspace, 4000);
  const answer = await workspace.execute(asked(1), { waitMs: 2000 });
  expect(hasEnded(answer)).toBe(false);
  expect(answer).toMatchObject({ status: "Pending" });
  await Promise.all(runs);
  expect(await workspace.result(answer.id, {})).toMatchObject({ status: "Success", result: 1 });
});

it("B92: a caller who says how long it may wait for room is told who was ahead when that is over", async () => {
  const workspace = await world.host.workspace(await world.workspace(FILES));
  const runs = await busy(workspace, 4000);
  await expect(workspace.execute(asked(1, { maxWaitMs: 500 }))).rejects.toMatchObject({ code: "ERR_EXECUTOR_BUSY" });
  await Promise.all(runs);
});

it("a caller whose time is up while its execution runs finds it under the id that it is told", async () => {
  const workspace = await world.host.workspace(await world.workspace(FILES));
  const answer = await workspace.execute(asked(4000), { waitMs: 2000 });
  expect(answer).toMatchObject({ status: "Running" });
  expect(await workspace.result(answer.id, {})).toMatchObject({ status: "Success", result: 4000 });
});

it("an attempt that is tried again is no end: nobody who waits is told of it as one", async () => {
  const workspace = await world.host.workspace(await world.workspace(FILES));
  const id = randomUUIDv7();
  const order = { reference: "fails.ts", inputJson: "{}", askedBy: "test", id };
  await workspace.submit(order);
  const answer = await workspace.execute(order, { waitMs: 3000 });
  expect(hasEnded(answer)).toBe(false);
  expect(answer).toMatchObject({ status: "Scheduled", attempt: 1 });
  expect(await workspace.cancel(id)).toMatchObject({ id });
});

it("a list is of one workflow by its name too, and says when nothing has it", async () => {
  const workspace = await world.host.workspace(await world.workspace(FILES));
  await workspace.execute(asked(1));
  for (const workflow of ["slow", "slow.ts", "slow.ts::default"]) expect((await workspace.list({ workflow })).executions).toHaveLength(1);
  await expect(workspace.list({ workflow: "slo" })).rejects.toMatchObject({ code: "ERR_WORKFLOW_NOT_FOUND" });
});
