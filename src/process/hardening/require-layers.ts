// The operator's minimum: layers without which nothing is started.
import { Fault } from "../../errors.ts";
import { LAYERS, type LayerName, type LayerPlan } from "./layers.ts";

/** Throws ERR_CONFIG_INVALID that names the first layer that is lacking, the reason and what can be done. */
export function requireLayers(plan: LayerPlan, required: readonly LayerName[]): void {
  for (const name of required) {
    const state = plan.states[name];
    if (state.active) continue;
    throw new Fault(
      "ERR_CONFIG_INVALID",
      `BIFROST_REQUIRE asks for the layer "${name}" (against: ${LAYERS[name]}), which cannot be had here: ${state.reason}. ${state.remedy}`.trim(),
      { details: { setting: "BIFROST_REQUIRE", layer: name, reason: state.reason, remedy: state.remedy } },
    );
  }
}
