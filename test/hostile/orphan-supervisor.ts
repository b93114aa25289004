// A supervisor for the test that kills one: starts a run and says when its author's code is at work.
import { createHarness } from "../../src/testing/index.ts";

const [source = ""] = process.argv.slice(2);
const harness = await createHarness({ workspace: "hostile", files: { "wf.ts": source } });
await harness.run("wf.ts", {}, { timeoutMs: 60_000, cpuMs: 60_000, onLog: () => process.stdout.write("begun\n") });
