// That what the fixtures expect is what Node does, where they are plain ECMAScript.
import { describe, expect, it } from "vitest";
import { expectNoLeaks } from "../support/leaks.ts";
import { fixtures } from "./fixtures/all.ts";
import { runInNode } from "./node-route.ts";
import { expectOutcome } from "./outcome.ts";

expectNoLeaks();

describe("Node gives", () => {
  it.each(fixtures.filter(({ node }) => node))("$name", { timeout: 60_000 }, async (fixture) => {
    expectOutcome(await runInNode(fixture), fixture);
  });

  it("an answer for most of the set", () => {
    expect(fixtures.filter(({ node }) => node).length).toBeGreaterThan(fixtures.length / 2);
  });
});
