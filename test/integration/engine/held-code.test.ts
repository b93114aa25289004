// What a child keeps of code between runs, and that it never runs other code than the snapshot's (B34).
import { expect, it } from "vitest";
import { settledProcesses } from "../../../src/testing/shared-pools.ts";
import { useEngine, workflow } from "../../support/engine.ts";

const engine = useEngine();

/** Holds this process up, so that what the child says meanwhile is read all at once afterwards. */
function holdUp(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

it("B34: code that reaches a child after the run that imported it has ended is there for the next run", async () => {
  const forgetful = workflow("for (let line = 1; line <= 200; line++) console.log(line); void import('./x.ts'); return 1;");
  const harness = await engine.harness({
    files: { "wf.ts": forgetful, "y.ts": workflow("return (await import('./x.ts')).v;"), "x.ts": "export const v = 42;" },
  });
  // Loads x.ts in this process, into no child.
  await expect(harness.run("x.ts")).rejects.toMatchObject({ code: "ERR_EXECUTABLE_NOT_FOUND" });
  await settledProcesses();
  await harness.run("wf.ts", {}, { onLog: ({ sequence }) => sequence === 200 && holdUp(100) });
  for (let round = 0; round < 3; round++) {
    await settledProcesses();
    expect(await harness.run("y.ts")).toMatchObject({ status: "Success", result: 42 });
  }
});
