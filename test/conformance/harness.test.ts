// That a run gives what the fixtures expect, through the harness.
import { describe, it } from "vitest";
import { useEngine } from "../support/engine.ts";
import { fixtures } from "./fixtures/all.ts";
import { expectEnvelope } from "./outcome.ts";

const engine = useEngine();

describe("a run through the harness gives", () => {
  it.each(fixtures)("$name", { timeout: 60_000 }, async (fixture) => {
    const harness = await engine.harness({ files: fixture.files });
    expectEnvelope(await harness.run(fixture.entry ?? "wf.ts", fixture.input), fixture);
  });
});
