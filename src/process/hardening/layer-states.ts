// What is told of each layer: by what means it is applied here, or why it is not and what the operator can do.
import type { LayerName, LayerState, Wrapping } from "./layers.ts";
import type { Probed } from "./probe.ts";
import type { FoundGroups } from "./memory-groups.ts";

export interface StateFacts extends Probed {
  readonly root: boolean;
  /** What another user could not read of what a child needs; undefined where it can all. */
  readonly unreadable: string | undefined;
  readonly memoryGroups: FoundGroups;
  /** Whether this Node has a permission model. */
  readonly permissions: boolean;
}

const UTIL_LINUX = "Install util-linux (2.34 or newer).";
const PERL = "Install perl (perl-base on Debian and Ubuntu).";
const ALLOW_NAMESPACES =
  "Allow it user namespaces (sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces; kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu), or start the host as root with CAP_SYS_ADMIN.";

export function statesOf(facts: StateFacts): Record<LayerName, LayerState> {
  const { wrapping, failures, root, unreadable, memoryGroups, permissions } = facts;
  const { tools } = wrapping;
  const state = (active: boolean, how: string, failure: string | undefined, remedy: string): LayerState =>
    active ? { active, how } : { active, reason: failure ?? "it was not tried", remedy };
  const namespace = (feature: "network" | "ipc" | "uts" | "pid" | "proc", how: string): LayerState =>
    state(
      wrapping[feature],
      `${tools.unshare} ${wrapping.user ? "--user " : ""}${how}`,
      failures[feature] ?? "it needs a pid namespace",
      namespaceRemedy(facts),
    );
  return {
    permissions: state(
      permissions,
      "node --permission; what loading needed is dropped before author code",
      "this Node has no permission model",
      "Use Node 26.",
    ),
    environment: { active: true, how: "started with an environment of its own, which holds nothing of the host's" },
    descriptors: { active: true, how: "started with a pipe for its last words and the channel; Node opens everything else close-on-exec" },
    uid: state(
      wrapping.uid,
      `${tools.setpriv} --reuid --regid --clear-groups: a user for each child`,
      uidReason(root, unreadable) ?? failures.uid,
      uidRemedy(root, unreadable),
    ),
    "no-new-privileges": state(wrapping.noNewPrivileges, `${tools.setpriv} --no-new-privs`, failures.noNewPrivileges, UTIL_LINUX),
    capabilities: state(wrapping.capabilities !== "none", capabilitiesHow(wrapping, root), failures.capabilities, UTIL_LINUX),
    files: state(
      wrapping.landlock,
      `Landlock, by ${tools.perl}`,
      failures.landlock,
      tools.perl === undefined ? PERL : "Use Linux 5.13 or newer with landlock among its LSMs, and a container profile that lets it.",
    ),
    network: namespace("network", "--net"),
    ipc: namespace("ipc", "--ipc"),
    uts: namespace("uts", "--uts"),
    pid: namespace("pid", "--pid --fork"),
    proc: namespace("proc", "--mount-proc"),
    rlimits: state(
      wrapping.limits,
      `${tools.prlimit} --data --nofile --core --fsize --memlock --msgqueue${wrapping.uid || wrapping.user ? " --nproc" : ""}`,
      failures.limits,
      UTIL_LINUX,
    ),
    cgroup:
      "groups" in memoryGroups
        ? { active: true, how: `version ${memoryGroups.groups.version}, in ${memoryGroups.groups.parent}` }
        : {
            active: false,
            reason: memoryGroups.reason,
            remedy: "Give the host a control group that is its own to divide (systemd: Delegate=memory and DelegateSubgroup=), or start it as root.",
          },
    seccomp: state(
      wrapping.seccomp !== undefined,
      `a filter, by ${tools.perl}`,
      failures.seccomp,
      tools.perl === undefined ? PERL : "Use a kernel with CONFIG_SECCOMP_FILTER, on x64 or arm64.",
    ),
    orphans: state(wrapping.parentDeath, `${tools.setpriv} --pdeathsig KILL`, failures.parentDeath, UTIL_LINUX),
  };
}

/** On a platform that has none of it. */
export function statesElsewhere(platform: string, permissions: boolean): Record<LayerName, LayerState> {
  const absent: LayerState = {
    active: false,
    reason: `${platform} has nothing of the kind that can be asked for without a program of our own`,
    remedy: "Run it on Linux.",
  };
  const on = (how: string): LayerState => ({ active: true, how });
  return {
    permissions: permissions ? on("node --permission; what loading needed is dropped before author code") : absent,
    environment: on("started with an environment of its own, which holds nothing of the host's"),
    descriptors: on("started with a pipe for its last words and the channel; Node opens everything else close-on-exec"),
    uid: absent,
    "no-new-privileges": absent,
    capabilities: absent,
    files: absent,
    network: absent,
    ipc: absent,
    uts: absent,
    pid: absent,
    proc: absent,
    rlimits: absent,
    cgroup: absent,
    seccomp: absent,
    orphans: absent,
  };
}

function capabilitiesHow({ tools, capabilities }: Wrapping, root: boolean): string {
  if (capabilities === "all") return `${tools.setpriv} --inh-caps=-all --ambient-caps=-all --bounding-set=-all`;
  return `${tools.setpriv} --inh-caps=-all --ambient-caps=-all${root ? "" : "; the host has none either"}`;
}

function namespaceRemedy({ wrapping, root }: StateFacts): string {
  if (wrapping.tools.unshare === undefined || wrapping.tools.setpriv === undefined) return UTIL_LINUX;
  return root
    ? "Give the host CAP_SYS_ADMIN (docker run --cap-add SYS_ADMIN, with a seccomp and AppArmor profile that lets it unshare and mount /proc)."
    : ALLOW_NAMESPACES;
}

function uidReason(root: boolean, unreadable: string | undefined): string | undefined {
  if (!root) return "the host does not run as root, and nobody else may start a process as another user";
  return unreadable === undefined ? undefined : `another user could not read ${unreadable}`;
}

function uidRemedy(root: boolean, unreadable: string | undefined): string {
  if (!root) return "Start the host as root: its children never are. Or accept it: the layers files, seccomp and pid cover most of what it stops.";
  return unreadable === undefined
    ? UTIL_LINUX
    : "Install the package and Node where every user may read (not below /root), or allow others to pass: chmod o+x.";
}
