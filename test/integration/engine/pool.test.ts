// The pool of children: who gets which, when one is replaced, and that one is always ready.
import { expect, it } from "vitest";
import { roomProcesses } from "../../support/child-processes.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { workflow } from "../../support/engine.ts";
import { openOwnEngine, type OwnEngine } from "../../support/own-engine.ts";

expectNoLeaks({ mayStay: (command) => /transpile-child|esbuild/.test(command) });

const FILES = {
  "ok.ts": workflow("return 'fine';"),
  "throws.ts": workflow("throw new Error('mine');"),
  "memory.ts": workflow("const all: unknown[] = []; for (;;) all.push(new Array(1000).fill(0));"),
  "crash.ts": workflow("Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);"),
  "exceeds.ts": workflow("for (let i = 0; i < 20_000; i++) setTimeout(() => {}, 1000); await new Promise(() => {});"),
};

/** Of the children that are at rest once the pool is. */
async function processes({ pools }: OwnEngine): Promise<readonly number[]> {
  await pools.children("jit").settled();
  return roomProcesses().toSorted((a, b) => a - b);
}

it("a child that ran a success or an ordinary error of the author's serves its workspace again", async () => {
  await using own = await openOwnEngine();
  const executor = await own.workspace("one", FILES);
  await executor.run("ok.ts", "{}");
  const before = await processes(own);
  expect(await executor.run("throws.ts", "{}")).toMatchObject({ status: "Failed", error: { message: "mine" } });
  expect(await executor.run("ok.ts", "{}")).toMatchObject({ status: "Success" });
  expect(await processes(own)).toEqual(before);
});

it.each(["memory.ts", "crash.ts", "exceeds.ts"])("a child that ran %s, which had to be stopped, is never used again", async (hostile) => {
  await using own = await openOwnEngine();
  const executor = await own.workspace("one", FILES);
  await executor.run("ok.ts", "{}");
  const before = await processes(own);
  const limits = { ...executor.workspace.limits, wallMs: 3000 };
  expect(["Failed", "Timeout"]).toContain((await executor.run(hostile, "{}", { limits })).status);
  expect(await executor.run("ok.ts", "{}")).toMatchObject({ status: "Success" });
  const after = await processes(own);
  expect(after.filter((id) => before.includes(id))).toEqual([]);
});

it("a child that has run one workspace's code never runs another's", async () => {
  await using own = await openOwnEngine();
  const [one, other] = [await own.workspace("one", FILES), await own.workspace("other", FILES)];
  await one.run("ok.ts", "{}");
  const before = await processes(own);
  await other.run("ok.ts", "{}");
  expect((await processes(own)).filter((id) => before.includes(id))).toEqual([]);
});

it("a spare is ready again after every workspace has taken one, be there more workspaces than places", async () => {
  await using own = await openOwnEngine({ processes: 1, spares: 1 });
  for (const name of ["a", "b", "c", "d"]) {
    const executor = await own.workspace(name, FILES);
    expect(await executor.run("ok.ts", "{}")).toMatchObject({ status: "Success" });
    // One that this workspace keeps, and one that nobody's code has run in.
    expect((await processes(own)).length).toBeGreaterThanOrEqual(2);
    expect(own.pools.children("jit").spare).toBe(1);
  }
});

it("a child is replaced after as many runs as it may serve", async () => {
  await using own = await openOwnEngine({ maxRuns: 2 });
  const executor = await own.workspace("one", FILES);
  await executor.run("ok.ts", "{}");
  const first = await processes(own);
  await executor.run("ok.ts", "{}");
  await executor.run("ok.ts", "{}");
  expect((await processes(own)).filter((id) => first.includes(id))).toEqual([]);
});

it("a child that holds more memory than it may between two runs is replaced", async () => {
  await using own = await openOwnEngine({ maxIdleBytes: 1024 });
  const executor = await own.workspace("one", FILES);
  await executor.run("ok.ts", "{}");
  const first = await processes(own);
  await executor.run("ok.ts", "{}");
  expect((await processes(own)).filter((id) => first.includes(id))).toEqual([]);
});

it("a run that may use more memory than a child was started for gets one that was, and the smaller one gives way", async () => {
  await using own = await openOwnEngine({ processes: 1, spares: 1 });
  const executor = await own.workspace("one", FILES);
  await executor.run("ok.ts", "{}");
  const before = await processes(own);
  const large = { ...executor.workspace.limits, memoryBytes: 512 * 1024 * 1024 };
  expect(await executor.run("ok.ts", "{}", { limits: large })).toMatchObject({ status: "Success" });
  const now = await processes(own);
  expect(now.filter((id) => !before.includes(id))).not.toEqual([]);
  // It serves the smaller run as well.
  expect(await executor.run("ok.ts", "{}")).toMatchObject({ status: "Success" });
  expect(await executor.run("ok.ts", "{}", { limits: { ...large, memoryBytes: 0 } })).toMatchObject({ status: "Success" });
});

it("a workspace that runs as much as it may leaves the spares to others", async () => {
  await using own = await openOwnEngine({ processes: 2, spares: 2 });
  const executor = await own.workspace("one", FILES);
  await executor.run("ok.ts", "{}");
  for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 6 }, () => executor.run("ok.ts", "{}")));
  const before = await processes(own);
  expect(own.pools.children("jit").spare).toBe(2);
  for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 6 }, () => executor.run("ok.ts", "{}")));
  expect(await processes(own)).toEqual(expect.arrayContaining([...before]));
  expect(own.pools.children("jit").spare).toBe(2);
});
