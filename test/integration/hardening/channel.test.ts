// A child that another has taken over, and the host that listens to it.
import { once } from "node:events";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { startChild } from "../../../src/process/child-start.ts";
import { planLayers } from "../../../src/process/hardening/plan-layers.ts";
import { expectNoLeaks } from "../../support/leaks.ts";

expectNoLeaks();

it("B85: a message that Node takes for a word of its own about handles ends no host", async () => {
  const child = startChild({
    entry: pathToFileURL(`${import.meta.dirname}/taken-over.mjs`),
    tier: "jit",
    memoryBytes: 64 * 1024 * 1024,
    packages: [],
    compileCache: undefined,
    layers: planLayers({ cacheDirectory: undefined }),
  });
  try {
    // Uncaught where it is not dealt with: the test runner would end.
    expect((await once(child.process, "message"))[0]).toBe("said");
  } finally {
    child.kill();
    await once(child.process, "close");
    child.release();
  }
});
