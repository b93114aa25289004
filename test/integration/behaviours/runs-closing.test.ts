// What becomes of executions when their host closes, over a real Redis and a real PostgreSQL (B31, B87).
import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { workflow } from "../../support/engine.ts";
import { useStoredWorld } from "../../support/stored-world.ts";

const world = useStoredWorld();

it("B87: a host that closes ends what still runs as cancelled, with its record and logs, and leaves no lease; then it takes no more", async () => {
  const name = randomUUID();
  const harness = await world.harness({
    workspace: name,
    files: { "wf.ts": workflow("ctx.log.info('begun'); await new Promise(() => {});"), "fine.ts": workflow("return 1;") },
  });
  const begun = Promise.withResolvers<void>();
  const own = new AbortController();
  // The second may still wait for a process: then it never begins, and is refused.
  const running = [harness.run("wf.ts", {}, { onLog: () => begun.resolve() }), harness.run("wf.ts", {}, { signal: own.signal })].map((each) =>
    each.catch((error: { code: string }) => error),
  );
  await begun.promise;
  await harness.dispose();
  const executions = await Promise.all(running);
  expect(executions[0]).toMatchObject({ status: "Cancelled", error: { code: "ERR_CANCELLED" }, logs: [{ message: "begun" }] });
  const rows = await world.rows("select status from executions where workspace_id = $1", [harness.executor.workspace.id]);
  expect(new Set(rows.map(({ status }) => status as string))).toEqual(new Set(["Cancelled"]));
  expect(await world.redis.keys(`bifrost:{${harness.executor.workspace.id}}:exec:*`)).toEqual([]);
  await expect(harness.run("fine.ts")).rejects.toMatchObject({ code: "ERR_EXECUTOR_CLOSED", retryable: true });
  expect((await (await world.harness({ workspace: name })).run("fine.ts")).result).toBe(1);
});
