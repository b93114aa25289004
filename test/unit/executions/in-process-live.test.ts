import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { createInProcessLive } from "../../../src/executions/in-process-live.ts";
import { describeLiveContract, numbered, readAll } from "../../support/live-contract.ts";

const LINGER_MS = 200;
const run = { workspace: "workspace", id: "execution" };

describeLiveContract("in process", async () => {
  const live = createInProcessLive({ lingerMs: LINGER_MS });
  return { here: live, there: live, dispose: async () => live[Symbol.asyncDispose]() };
});

it("B31: what an attempt left is not dropped under the next one, which goes on where it ended", async () => {
  await using live = createInProcessLive({ lingerMs: LINGER_MS });
  live.append(run.workspace, run.id, { line: numbered(1), fence: 1 });
  const [first] = await readAll(live, run);
  live.drop(run.workspace, run.id);
  live.append(run.workspace, run.id, { line: numbered(2), fence: 2 });
  await sleep(2 * LINGER_MS);
  live.append(run.workspace, run.id, { line: numbered(3), fence: 2 });
  expect((await readAll(live, { ...run, after: first!.place })).map(({ line }) => line.sequence)).toEqual([2, 3]);
});

it("B31: an attempt that begins after the lines of the one before were dropped is heard by who read those", async () => {
  await using live = createInProcessLive({ lingerMs: LINGER_MS });
  for (let n = 1; n <= 3; n += 1) live.append(run.workspace, run.id, { line: numbered(n), fence: 1 });
  const last = (await readAll(live, run)).at(-1);
  live.drop(run.workspace, run.id);
  await expect.poll(() => live.read(run.workspace, run.id, "")).toEqual([]);
  live.append(run.workspace, run.id, { line: numbered(4), fence: 2 });
  expect((await readAll(live, { ...run, after: last!.place })).map(({ line }) => line.sequence)).toEqual([4]);
});

it("B31: a late line of the attempt that was dropped does not keep it", async () => {
  await using live = createInProcessLive({ lingerMs: LINGER_MS });
  live.append(run.workspace, run.id, { line: numbered(1), fence: 1 });
  live.drop(run.workspace, run.id);
  live.append(run.workspace, run.id, { line: numbered(2), fence: 1 });
  await expect.poll(() => live.read(run.workspace, run.id, "")).toEqual([]);
});
