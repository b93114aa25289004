// Where a group for a child's memory can be made, by what the kernel tells of ours.
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { GROUP_PREFIX, joinMemoryGroup, sweepMemoryGroups } from "../../../src/process/hardening/memory-group.ts";
import { findMemoryGroups, placesFor } from "../../../src/process/hardening/memory-groups.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const mount = (root: string, point: string, type: string, options: string): string => `30 24 0:26 ${root} ${point} rw,nosuid - ${type} ${type} ${options}`;

describe("places", () => {
  it("version 1: our own group, below the mount", () => {
    using tree = temporaryDirectory({ "own/tasks": "" });
    const facts = { memberships: "4:memory:/own\n1:cpu:/\n0::/\n", mounts: mount("/", tree.path, "cgroup", "rw,memory") };
    expect(placesFor(facts)).toEqual([{ version: 1, parent: join(tree.path, "own") }]);
  });

  it("version 1 in a container, which sees its own group as the mount", () => {
    using tree = temporaryDirectory();
    const facts = { memberships: "4:memory:/docker/1234\n", mounts: mount("/docker/1234", tree.path, "cgroup", "rw,memory") };
    expect(placesFor(facts)).toEqual([{ version: 1, parent: tree.path }]);
  });

  it("version 2: our own group, else beside it", () => {
    using tree = temporaryDirectory({ "service/main/cgroup.procs": "" });
    const facts = { memberships: "0::/service/main\n", mounts: mount("/", tree.path, "cgroup2", "rw") };
    expect(placesFor(facts).map(({ parent }) => parent)).toEqual([join(tree.path, "service/main"), join(tree.path, "service")]);
  });

  it("none where no controller is mounted, and it says so", () => {
    expect(findMemoryGroups({ memberships: "0::/\n", mounts: "" })).toEqual({ reason: "no memory controller is mounted" });
    expect(findMemoryGroups({ memberships: "", mounts: "not a line\n" })).toEqual({ reason: "no memory controller is mounted" });
  });

  it("none where the controller is not handed down: processes of ours would have to be moved", () => {
    using tree = temporaryDirectory({ "own/cgroup.subtree_control": "cpu pids\n", "cgroup.subtree_control": "cpu\n" });
    const facts = { memberships: "0::/own\n", mounts: mount("/", tree.path, "cgroup2", "rw") };
    expect(findMemoryGroups(facts)).toEqual({ reason: `the memory controller is not handed down to groups in ${join(tree.path, "own")}` });
  });
});

describe("a group", () => {
  it("is given the process, then the limit, and tells what the kernel has killed", async () => {
    using tree = temporaryDirectory();
    const group = joinMemoryGroup({ version: 2, parent: tree.path }, 4711);
    const [name = ""] = readdirSync(tree.path);
    group?.limit(100 * 1024 * 1024);
    await vi.waitFor(() => expect(readdirSync(join(tree.path, name))).toContain("cgroup.procs"));
    const files = Object.fromEntries(readdirSync(join(tree.path, name)).map((file) => [file, true]));
    expect(files).toEqual({ "cgroup.procs": true, "memory.max": true });
    expect(group?.outOfMemory()).toBe(false);
    writeFileSync(join(tree.path, name, "memory.events"), "low 0\noom 3\noom_kill 1\n");
    expect(group?.outOfMemory()).toBe(true);
  });

  it("that cannot be made is done without", () => {
    using tree = temporaryDirectory({ file: "" });
    expect(joinMemoryGroup({ version: 1, parent: join(tree.path, "file") }, 1)).toBeUndefined();
    expect(joinMemoryGroup(undefined, 1)).toBeUndefined();
  });

  it("that a killed host has left is swept, one in use or just made is not", () => {
    using tree = temporaryDirectory({ [`${GROUP_PREFIX}3.0/cgroup.procs`]: "1" });
    for (const name of ["1.0", "2.0"]) mkdirSync(join(tree.path, GROUP_PREFIX + name));
    mkdirSync(join(tree.path, "other"));
    for (const name of [`${GROUP_PREFIX}1.0`, `${GROUP_PREFIX}3.0`, "other"]) utimesSync(join(tree.path, name), 0, 0);
    sweepMemoryGroups({ version: 1, parent: tree.path });
    expect(readdirSync(tree.path).toSorted()).toEqual([`${GROUP_PREFIX}2.0`, `${GROUP_PREFIX}3.0`, "other"]);
  });
});
