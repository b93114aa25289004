// What a host can be asked of itself by those who watch it: what it runs, what waits, its processes, and who else is there.
import type { Ledger } from "./executions/ledger.ts";
import type { HostRuns } from "./host-runs.ts";
import type { HostWorkspaces } from "./host-workspaces.ts";
import type { GaugeName, Observe, Reading } from "./observe/observe.ts";
import type { Pools } from "./process/pools.ts";

export interface HostGaugesParts {
  readonly ledger: Pick<Ledger, "depth" | "hosts">;
  readonly runs: Pick<HostRuns, "countsByWorkspace">;
  readonly workspaces: Pick<HostWorkspaces, "nameOf">;
  readonly pools: Pick<Pools, "counts">;
  /** Callers who wait for a slot of this host, by workspace: nothing of them is kept yet. */
  readonly waitingHere: () => ReadonlyMap<string, number>;
  /** 0 where it takes no executions. */
  readonly slots: number;
}

/** States before a host has it. */
const WAITING = new Set(["Pending", "Scheduled"]);

/** Until disposed of. */
export function observeHost(observe: Observe, parts: HostGaugesParts): Disposable {
  const { ledger, runs, workspaces, pools, waitingHere, slots } = parts;
  const readings: readonly (readonly [GaugeName, () => Reading | Promise<Reading>])[] = [
    ["running", () => runs.countsByWorkspace()],
    ["slots", () => slots],
    ["children", () => childrenByState(pools)],
    ["children waited for", () => pools.counts().waiting],
    ["hosts", async () => (await ledger.hosts()).length],
    ["queue depth", async () => summed(await ledger.depth(), ({ status }) => status)],
    [
      "waiting",
      async () => {
        const waiting = (await ledger.depth()).filter(({ status }) => WAITING.has(status));
        const here = [...waitingHere()].map(([workspace, count]) => ({ workspace, status: "Pending" as const, count }));
        return summed([...waiting, ...here], ({ workspace }) => workspaces.nameOf(workspace));
      },
    ],
  ];
  const stack = new DisposableStack();
  for (const [name, read] of readings) stack.use(observe.gauge(name, read));
  return stack;
}

function childrenByState(pools: Pick<Pools, "counts">): Reading {
  const { busy, idle, spare } = pools.counts();
  return new Map([
    ["busy", busy],
    ["idle", idle],
    ["spare", spare],
  ]);
}

type Depth = Awaited<ReturnType<Ledger["depth"]>>;

function summed(rows: Depth, nameOf: (row: Depth[number]) => string): Reading {
  const sums = new Map<string, number>();
  for (const row of rows) sums.set(nameOf(row), (sums.get(nameOf(row)) ?? 0) + row.count);
  return sums;
}
