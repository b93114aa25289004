// Part of the fixture set through the embedded database: pushed, and run by the command line from what is stored.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useEngine } from "../support/engine.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { openCli } from "./cli-route.ts";
import { fixtures } from "./fixtures/all.ts";
import { lasting } from "./outcome.ts";

const engine = useEngine();
const cli = openCli();
afterAll(() => cli[Symbol.dispose]());

// One workspace with a directory for each: what is asked of it below is relative.
const stored = fixtures.filter((fixture) => fixture.stored === true).map((fixture, index) => ({ name: fixture.name, fixture, under: `fixture-${index}` }));
const files = Object.fromEntries(stored.flatMap(({ fixture, under }) => Object.entries(fixture.files).map(([path, content]) => [`${under}/${path}`, content])));

describe("B94: the command line over a stored workspace and the harness give one envelope", () => {
  beforeAll(async () => {
    using directory = temporaryDirectory(files);
    const { exitCode, stderr } = await cli.command("bifrost-executor", ["push", directory.path]);
    if (exitCode !== 0) throw new Error(stderr);
  });

  it.each(stored)("$name", { timeout: 120_000 }, async ({ fixture, under }) => {
    const reference = `${under}/${fixture.entry ?? "wf.ts"}`;
    const harness = await engine.harness({ files });
    const { execution } = await cli.envelope(["--input", JSON.stringify(fixture.input ?? {}), reference]);
    expect(lasting(execution)).toEqual(lasting(await harness.run(reference, fixture.input)));
    expect(execution.status).toBe(fixture.expect.error === undefined ? "Success" : "Failed");
  });

  it("more than one of each kind is stored", () => {
    expect(stored.length).toBeGreaterThan(6);
  });
});
