// What goes up and down on a host, read when somebody asks for the metrics.
import type { Ledger } from "./executions/ledger.ts";
import type { HostWorkspaces } from "./host-workspaces.ts";
import type { Observe } from "./observe/observe.ts";
import type { Pools } from "./process/pools.ts";
import { TIERS } from "./settings.ts";

export interface GaugeParts {
  readonly ledger: Pick<Ledger, "depth" | "hosts">;
  readonly workspaces: Pick<HostWorkspaces, "nameOf">;
  readonly pools: Pools;
  readonly slots: number;
  /** By workspace name. */
  running(): ReadonlyMap<string, number>;
}

/** One reading of the ledger serves the gauges that are asked for together. */
const FRESH_MS = 500;

export function openGauges(observe: Observe, { ledger, workspaces, pools, slots, running }: GaugeParts): Disposable {
  using opened = new DisposableStack();
  let depth: ReturnType<Ledger["depth"]> | undefined;
  let readAt = -Infinity;

  async function added(keyOf: (row: Awaited<ReturnType<Ledger["depth"]>>[number]) => string | undefined): Promise<ReadonlyMap<string, number>> {
    if (performance.now() - readAt > FRESH_MS || depth === undefined) {
      readAt = performance.now();
      depth = ledger.depth();
    }
    const sums = new Map<string, number>();
    for (const row of await depth) {
      const key = keyOf(row);
      if (key !== undefined) sums.set(key, (sums.get(key) ?? 0) + row.count);
    }
    return sums;
  }

  function children(): ReadonlyMap<string, number> {
    const sums = new Map<string, number>();
    for (const tier of TIERS) {
      const { busy, idle, spare } = pools.children(tier).counts;
      for (const [state, count] of Object.entries({ busy, idle, spare })) sums.set(state, (sums.get(state) ?? 0) + count);
    }
    return sums;
  }

  opened.use(observe.gauge("running", running));
  opened.use(observe.gauge("slots", () => slots));
  opened.use(observe.gauge("children", children));
  opened.use(observe.gauge("children waited for", () => TIERS.reduce((sum, tier) => sum + pools.children(tier).counts.waiting, 0)));
  opened.use(
    observe.gauge("waiting", () =>
      added(({ status, workspace }) => (status === "Pending" || status === "Scheduled" ? workspaces.nameOf(workspace) : undefined)),
    ),
  );
  opened.use(observe.gauge("queue depth", () => added(({ status }) => status)));
  opened.use(observe.gauge("hosts", async () => (await ledger.hosts()).length));
  return opened.move();
}
