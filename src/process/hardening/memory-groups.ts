// Whether, and where, control groups with a limit on memory can be made for children, without moving this process.
import { mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { FILES, GROUP_PREFIX } from "./memory-group.ts";
import type { MemoryGroups } from "./layers.ts";

export type FoundGroups = { readonly groups: MemoryGroups } | { readonly reason: string };

/** Where this process is: proc(5), `/proc/self/cgroup` and `/proc/self/mountinfo`. Given, so that it can be tried on any. */
export interface GroupFacts {
  readonly memberships: string;
  readonly mounts: string;
}

export function readGroupFacts(): GroupFacts | undefined {
  try {
    return { memberships: readFileSync("/proc/self/cgroup", "utf8"), mounts: readFileSync("/proc/self/mountinfo", "utf8") };
  } catch {
    return undefined;
  }
}

export function findMemoryGroups(facts: GroupFacts | undefined = readGroupFacts()): FoundGroups {
  if (facts === undefined) return { reason: "the kernel has no control groups" };
  let reason: string | undefined;
  for (const groups of placesFor(facts)) {
    const failure = tryGroup(groups);
    if (failure === undefined) return { groups };
    reason ??= failure;
  }
  return { reason: reason ?? "no memory controller is mounted" };
}

/** Best first. Version 2 lets a group with processes hand no controller down, so a child's group may have to lie beside ours. */
export function placesFor({ memberships, mounts }: GroupFacts): readonly MemoryGroups[] {
  const one = /^\d+:(?:[^:\n]*,)?memory(?:,[^:\n]*)?:(.*)$/m.exec(memberships)?.[1];
  const two = /^0::(.*)$/m.exec(memberships)?.[1];
  const places: MemoryGroups[] = [];
  for (const { point, root, type, options } of mounts.split("\n").flatMap(parseMount)) {
    if (type === "cgroup" && one !== undefined && options.split(",").includes("memory")) places.push({ version: 1, parent: placeIn(point, root, one) });
    if (type === "cgroup2" && two !== undefined) {
      const own = placeIn(point, root, two);
      places.push({ version: 2, parent: own }, ...(own === point ? [] : [{ version: 2, parent: dirname(own) } as const]));
    }
  }
  return places;
}

interface Mount {
  readonly root: string;
  readonly point: string;
  readonly type: string;
  readonly options: string;
}

function parseMount(line: string): readonly Mount[] {
  const [before, after] = line.split(" - ");
  const [, , , root, point] = before?.split(" ") ?? [];
  const [type, , options] = after?.split(" ") ?? [];
  return root === undefined || point === undefined || type === undefined || options === undefined ? [] : [{ root, point, type, options }];
}

/** A container sees a part of the tree: the mount's root is cut from the path. */
function placeIn(point: string, root: string, path: string): string {
  const inside = root !== "/" && (path === root || path.startsWith(`${root}/`)) ? path.slice(root.length) : path;
  const place = join(point, inside);
  return statSync(place, { throwIfNoEntry: false }) === undefined ? point : place;
}

/** Makes a group and removes it. */
function tryGroup({ version, parent }: MemoryGroups): string | undefined {
  try {
    if (version === 2 && !readFileSync(join(parent, "cgroup.subtree_control"), "utf8").split(/\s+/).includes("memory"))
      return `the memory controller is not handed down to groups in ${parent}`;
    const directory = join(parent, `${GROUP_PREFIX}${process.pid}.probe`);
    mkdirSync(directory);
    try {
      writeFileSync(join(directory, FILES[version].limit), String(2 ** 32));
    } finally {
      rmdirSync(directory);
    }
    return undefined;
  } catch (error) {
    return `no group can be made in ${parent} (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
  }
}
