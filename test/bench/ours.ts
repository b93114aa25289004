// Our side: a run through a warm harness, limits and all as they are by default.
import type { Harness } from "../../src/testing/harness.ts";
import { settledProcesses } from "../../src/testing/shared-pools.ts";
import type { Contender } from "./contender.ts";

export function createOurs(harness: Harness, reference: string, name = "ours"): Contender {
  return {
    name,
    async run(input) {
      const { status, result, error } = await harness.run(reference, input);
      if (status !== "Success") throw new Error(`${reference} ended as ${status}: ${error?.stack ?? error?.message ?? "no error"}`);
      return result;
    },
    rest: settledProcesses,
  };
}
