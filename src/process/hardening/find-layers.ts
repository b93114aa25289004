// Tries out what the platform has, and says of each layer how it is had or why not. Loaded only where nothing is kept.
import { statesElsewhere, statesOf } from "./layer-states.ts";
import { bareWrapping, type LayerPlan, type Tools } from "./layers.ts";
import { findMemoryGroups } from "./memory-groups.ts";
import { FIRST_UID } from "./own-uid.ts";
import { probeWrapping } from "./probe.ts";

export interface FindOptions {
  readonly tools: Tools;
  readonly root: boolean;
  /** What another user could not read of what a child needs; undefined where it can all. */
  readonly unreadable: string | undefined;
}

export function findLayers({ tools, root, unreadable }: FindOptions): LayerPlan {
  const probed = probeWrapping({ tools, root, uid: root && unreadable === undefined ? FIRST_UID : undefined });
  const memoryGroups = findMemoryGroups();
  const permissions = hasPermissions();
  return {
    states: statesOf({ ...probed, root, unreadable, memoryGroups, permissions }),
    wrapping: probed.wrapping,
    memoryGroups: "groups" in memoryGroups ? memoryGroups.groups : undefined,
    permissions,
  };
}

/** On a platform that has none of it. */
export function findElsewhere(): LayerPlan {
  const permissions = hasPermissions();
  const wrapping = bareWrapping({ setpriv: undefined, unshare: undefined, prlimit: undefined, perl: undefined });
  return { states: statesElsewhere(process.platform, permissions), wrapping, memoryGroups: undefined, permissions };
}

function hasPermissions(): boolean {
  return process.allowedNodeEnvironmentFlags.has("--permission");
}
