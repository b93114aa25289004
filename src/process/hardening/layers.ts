// The layers around a child process: their names, what each stops, and the shape of a plan. Knows of no platform.

/** In the order in which they are told. */
export const LAYERS = Object.freeze({
  permissions: "code that leaves the isolate: Node refuses it files, network, addons, workers and processes",
  environment: "reading secrets of the host from the environment",
  descriptors: "using files and connections that the host has open",
  uid: "reading files and signalling processes of the host's user, or of another child",
  "no-new-privileges": "gaining rights by starting a set-user-id program",
  capabilities: "all that root may do besides, where the host is root",
  network: "any connection, the host's own loopback included",
  ipc: "shared memory and message queues of other processes",
  uts: "changing the machine's name",
  pid: "seeing and signalling any other process",
  proc: "reading about other processes in /proc",
  rlimits: "memory without end, core files, written files, open files and processes without end",
  cgroup: "memory beyond the limit of the run, however it is had",
  seccomp: "attacking the kernel through system calls that a child never needs; starting programs",
  orphans: "living on when the host has died, also in a loop that never looks",
} as const);

export type LayerName = keyof typeof LAYERS;

export const LAYER_NAMES = Object.freeze(Object.keys(LAYERS) as LayerName[]);

export type LayerState =
  /** `how` says by what means, for people. */
  | { readonly active: true; readonly how: string }
  /** `remedy` says what the operator can do. */
  | { readonly active: false; readonly reason: string; readonly remedy: string };

/** What a child is wrapped in. Plain data: it can be kept in a file. */
export interface LayerPlan {
  readonly states: Readonly<Record<LayerName, LayerState>>;
}

/** For measuring what the layers cost, and reachable from code only: no configuration leads here. */
export const NO_LAYERS: LayerPlan = Object.freeze({
  states: Object.freeze(
    Object.fromEntries(LAYER_NAMES.map((name) => [name, { active: false, reason: "left out for measuring", remedy: "" }])) as Record<LayerName, LayerState>,
  ),
});
