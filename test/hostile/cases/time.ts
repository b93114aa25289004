// Attacks on the clock: whatever does not end by itself ends at the limit.
import { workflow } from "../../support/engine.ts";
import type { HostileCase } from "../case.ts";
import { timesOut } from "../endings.ts";

const SOURCES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "an endless loop in a workflow": { "wf.ts": workflow("while (true) {}") },
  "a promise that never settles": { "wf.ts": workflow("await new Promise(() => {});") },
  "a native loop that no interrupt reaches": { "wf.ts": workflow("Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);") },
};

export const TIME: readonly HostileCase[] = Object.entries(SOURCES).map(([title, files]) => ({
  title,
  promise: "ends within the limit",
  files,
  expect: timesOut,
}));
