// A short soak; the long one is test/bench/soak.ts.
import { expect, it } from "vitest";
import { balances, soak } from "../bench/soak-run.ts";
import { expectNoLeaks } from "../support/leaks.ts";

expectNoLeaks();

const RUNS = 300;
/** Far above what one run could keep by mistake and far below what all of them would. */
const GROWN_BYTES = 32 * 1024 * 1024;

it("B87: of good and hostile runs of two workspaces side by side each ends once and as it should, none reaches another, and nothing is left", async () => {
  const report = await soak({ runs: RUNS, seed: 3, atOnce: 4, processes: 2, spares: 2 });
  const { counters, complaints, left, memory } = report;
  expect({ complaints, left }).toEqual({ complaints: [], left: [] });
  expect(counters).toMatchObject({ started: RUNS, ended: RUNS, lost: 0, doubled: 0, logsWrong: 0 });
  expect(counters.goodOfNeighbour.right).toBe(counters.goodOfNeighbour.started);
  expect(counters.hostile.started).toBeGreaterThan(RUNS / 20);
  expect(balances(report)).toBe(true);
  expect(memory.heapUsed.last - memory.heapUsed.first).toBeLessThan(GROWN_BYTES);
});
