// The command line that a child is started by: tools of the platform, each of which takes something away and becomes
// the next; the last becomes Node. Decides nothing: what to use comes from the plan.
import { sealCommand, type ReadablePath } from "./seal-program.ts";
import type { Wrapping } from "./layers.ts";
import { dataArgument } from "./resource-limits.ts";
import type { Processor } from "./system-calls.ts";

export interface ChainOptions {
  /** User and group that the child gets, where the wrapping has it run as another. */
  readonly uid: number;
  readonly limits: ResourceLimits;
  /** What the child may read and run, where the kernel keeps to it. The program itself must be among it. */
  readonly readable: readonly ReadablePath[];
  readonly processor: Processor;
}

export interface ResourceLimits {
  /** Private memory that can be written, in bytes (RLIMIT_DATA); Infinity for no limit. */
  readonly dataBytes: number;
  readonly openFiles: number;
  /** Processes and threads of its user; undefined where it shares the user with others. */
  readonly threads: number | undefined;
}

/** Stands before the program's absolute path and its arguments. Empty where nothing can be put around it. */
export function chainBefore(wrapping: Wrapping, options: ChainOptions): readonly string[] {
  return [...namespaces(wrapping), ...limits(wrapping, options.limits), ...privileges(wrapping, options.uid), ...seal(wrapping, options)];
}

function namespaces({ tools, parentDeath, capabilities, user, network, ipc, uts, pid, proc }: Wrapping): readonly string[] {
  const wanted = [
    ...(network ? ["--net"] : []),
    ...(ipc ? ["--ipc"] : []),
    ...(uts ? ["--uts"] : []),
    // Who makes the namespace stays outside of it: its child is the first inside.
    ...(pid ? ["--pid", "--fork", "--kill-child=KILL"] : []),
    ...(proc ? ["--mount-proc"] : []),
  ];
  if (tools.unshare === undefined || wanted.length === 0) return [];
  const outer = parentDeath && pid && tools.setpriv !== undefined ? [tools.setpriv, "--pdeathsig", "KILL", "--"] : [];
  return [...outer, tools.unshare, ...(user ? userNamespace(capabilities) : []), ...wanted, "--"];
}

/** Inside it who made it may do everything; to take that away for good, setpriv needs the right to. */
function userNamespace(capabilities: Wrapping["capabilities"]): readonly string[] {
  return ["--user", "--map-current-user", ...(capabilities === "all" ? ["--keep-caps"] : [])];
}

function limits({ tools, limits }: Wrapping, { dataBytes, openFiles, threads }: ResourceLimits): readonly string[] {
  if (tools.prlimit === undefined || !limits) return [];
  const values = {
    core: 0,
    fsize: 0,
    memlock: 0,
    msgqueue: 0,
    sigpending: 64,
    nofile: openFiles,
    ...(threads === undefined ? {} : { nproc: threads }),
  };
  return [tools.prlimit, ...Object.entries(values).map(([name, value]) => `--${name}=${value}`), dataArgument(dataBytes), "--"];
}

function privileges({ tools, uid, capabilities, noNewPrivileges, parentDeath }: Wrapping, user: number): readonly string[] {
  const wanted = [
    ...(uid ? ["--reuid", String(user), "--regid", String(user), "--clear-groups"] : []),
    ...(capabilities === "none" ? [] : ["--inh-caps=-all", "--ambient-caps=-all"]),
    ...(capabilities === "all" ? ["--bounding-set=-all"] : []),
    ...(noNewPrivileges ? ["--no-new-privs"] : []),
    // Here too: a change of user clears what was asked for before.
    ...(parentDeath ? ["--pdeathsig", "KILL"] : []),
  ];
  return tools.setpriv === undefined || wanted.length === 0 ? [] : [tools.setpriv, ...wanted, "--"];
}

function seal({ tools, landlock, seccomp }: Wrapping, { readable, processor }: ChainOptions): readonly string[] {
  return tools.perl === undefined || (!landlock && seccomp === undefined) ? [] : sealCommand({ perl: tools.perl, landlock, seccomp, readable, processor });
}
