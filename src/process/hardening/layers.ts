// The layers around a child process: their names, what each stops, and the shape of a plan. Knows of no platform.

/** In the order in which they are told. */
export const LAYERS = Object.freeze({
  permissions: "code outside of the isolate using Node: files, network, addons, workers, processes",
  environment: "reading the host's secrets from environment variables",
  descriptors: "using files and connections that the host has open",
  uid: "reading files and signalling processes of the host's user",
  "no-new-privileges": "gaining rights by starting a set-user-id program",
  capabilities: "what root may do beside reading files: mounts, raw sockets, other users' processes",
  files: "reading any file but the program's own, writing any file",
  network: "any connection, to the host's own loopback too",
  ipc: "shared memory and message queues of other processes",
  uts: "renaming the machine",
  pid: "seeing and signalling other processes",
  proc: "reading about other processes in /proc",
  rlimits: "memory, files, descriptors, threads and core dumps without end",
  cgroup: "memory beyond the limit, however it is had",
  seccomp: "attacks on the kernel by system calls that Node never makes; new processes and programs",
  orphans: "living on when the host has died, in a loop that never looks up",
} as const);

export type LayerName = keyof typeof LAYERS;

export const LAYER_NAMES = Object.freeze(Object.keys(LAYERS) as LayerName[]);

export type LayerState =
  /** `how`: by what means, for people. */
  | { readonly active: true; readonly how: string }
  /** `remedy`: what the operator can do about it; a sentence. */
  | { readonly active: false; readonly reason: string; readonly remedy: string };

/** Programs of the platform, absolute; undefined where it has none. */
export interface Tools {
  readonly setpriv: string | undefined;
  readonly unshare: string | undefined;
  readonly prlimit: string | undefined;
  readonly perl: string | undefined;
}

/** A program for the kernel that looks at each system call: seccomp-program.ts. */
export interface SystemCallFilter {
  readonly hex: string;
  /** Places in it that only the process itself can fill in, as "offset:what", parted by commas. */
  readonly patches: string;
}

/** What the tools are asked to put around a child: whatever has been seen to work here, together. */
export interface Wrapping {
  readonly tools: Tools;
  readonly noNewPrivileges: boolean;
  /** "all": the bounding set too, which takes a capability; "held": only those the process holds. */
  readonly capabilities: "all" | "held" | "none";
  /** Runs as another user than the host. */
  readonly uid: boolean;
  /** A user namespace of its own: how the other namespaces are had without root. */
  readonly user: boolean;
  readonly network: boolean;
  readonly ipc: boolean;
  readonly uts: boolean;
  readonly pid: boolean;
  readonly proc: boolean;
  readonly limits: boolean;
  readonly landlock: boolean;
  readonly seccomp: SystemCallFilter | undefined;
  /** Killed by the kernel when what started it dies. */
  readonly parentDeath: boolean;
}

/** Where the kernel keeps groups of processes with a limit on their memory. */
export interface MemoryGroups {
  readonly version: 1 | 2;
  /** Directory that a group for a child can be made in. */
  readonly parent: string;
}

/** What a child is put into. Plain data: it can be kept in a file. */
export interface LayerPlan {
  readonly states: Readonly<Record<LayerName, LayerState>>;
  readonly wrapping: Wrapping;
  readonly memoryGroups: MemoryGroups | undefined;
  /** Whether Node is told to keep from files, network and the rest. */
  readonly permissions: boolean;
}

const BARE: Wrapping = Object.freeze({
  tools: Object.freeze({ setpriv: undefined, unshare: undefined, prlimit: undefined, perl: undefined }),
  noNewPrivileges: false,
  capabilities: "none",
  uid: false,
  user: false,
  network: false,
  ipc: false,
  uts: false,
  pid: false,
  proc: false,
  limits: false,
  landlock: false,
  seccomp: undefined,
  parentDeath: false,
});

/** For measuring what the layers cost: reached from code alone, no configuration leads here. */
export const NO_LAYERS: LayerPlan = Object.freeze({
  states: Object.freeze(
    Object.fromEntries(LAYER_NAMES.map((name) => [name, { active: false, reason: "left out for measuring", remedy: "" }])) as Record<LayerName, LayerState>,
  ),
  wrapping: BARE,
  memoryGroups: undefined,
  permissions: false,
});

/** The same with nothing around it yet. */
export function bareWrapping(tools: Tools): Wrapping {
  return { ...BARE, tools };
}
