// The processes of one executor host: children that run author code, by tier, and those that transpile it.
import { DEFAULT_LIMITS, MB } from "../limits.ts";
import type { LoadedModule } from "../modules/loaded-module.ts";
import { ChildHandle } from "./child-handle.ts";
import { ChildPool, type PoolCounts } from "./child-pool.ts";
import type { LayerPlan, Tier } from "./child-start.ts";
import { childCaches } from "./hardening/child-caches.ts";
import type { LayerName } from "./hardening/layers.ts";
import { planLayers } from "./hardening/plan-layers.ts";
import { requireLayers } from "./hardening/require-layers.ts";
import { createTranspilePool, type TranspilePool } from "./transpile-pool.ts";

export interface PoolOptions {
  /** How many children may run something at once. */
  readonly processes: number;
  /** Children kept ready beside those in use. */
  readonly spares: number;
  /** Whether every child makes a room with zod ahead from its start: for hosts that live long. */
  readonly zodAhead: boolean;
  readonly cacheDirectory: string;
  /** A child that has served this many runs is replaced; 500 where absent. */
  readonly maxRuns?: number | undefined;
  /** A child that holds more than this in memory between two runs is replaced; 256 MB where absent. */
  readonly maxIdleBytes?: number | undefined;
  /** How long who asks for a child waits for one; 60,000 where absent. */
  readonly maxWaitMs?: number | undefined;
  /** Layers of protection without which nothing is opened; none where absent. */
  readonly required?: readonly LayerName[] | undefined;
  /** For measuring only; what the platform has where absent. */
  readonly layers?: LayerPlan | undefined;
}

export interface Pools {
  readonly layers: LayerPlan;
  /** Of the tier that a workspace is run in. */
  children(tier: Tier): ChildPool;
  /** Over all tiers. */
  counts(): PoolCounts;
  /** Tenants are served in turn. */
  readonly compile: (...args: Parameters<TranspilePool["compile"]>) => Promise<readonly LoadedModule[]>;
  close(): Promise<void>;
}

const MAX_WAIT_MS = 60_000;

/** Throws ERR_CONFIG_INVALID where a required layer cannot be had. */
export function openPools(options: PoolOptions): Pools {
  const { cacheDirectory, required = [], layers = planLayers({ cacheDirectory }) } = options;
  const { processes: size, spares, zodAhead, maxRuns = 500, maxIdleBytes = 256 * MB, maxWaitMs = MAX_WAIT_MS } = options;
  requireLayers(layers, required);
  const pools = new Map<Tier, ChildPool>();
  const transpile = createTranspilePool({ cacheDirectory, layers });

  function open(tier: Tier): ChildPool {
    const child = { caches: childCaches({ cacheDirectory, tier, layers }), layers, tier, memoryMb: DEFAULT_LIMITS.memoryBytes / MB, zodAhead };
    const { memoryBytes } = DEFAULT_LIMITS;
    return new ChildPool({
      size,
      spares,
      maxRuns,
      maxIdleBytes,
      maxWaitMs,
      memoryBytes,
      start: (most) => new ChildHandle({ ...child, memoryBytes: most }),
    });
  }

  return {
    layers,
    children(tier) {
      const pool = pools.get(tier) ?? open(tier);
      pools.set(tier, pool);
      return pool;
    },
    counts: () => [...pools.values()].map((pool) => pool.counts).reduce(added, { busy: 0, idle: 0, spare: 0, waiting: 0 }),
    async compile(requests, options) {
      const outcomes = await transpile.compile(requests, options);
      return outcomes.map((outcome) => ("ok" in outcome ? { compiled: outcome.ok } : outcome));
    },
    async close() {
      await Promise.all([...[...pools.values()].map((pool) => pool.close()), transpile.close()]);
    },
  };
}

function added(one: PoolCounts, other: PoolCounts): PoolCounts {
  return { busy: one.busy + other.busy, idle: one.idle + other.idle, spare: one.spare + other.spare, waiting: one.waiting + other.waiting };
}
