// What code would try that had got out of its isolate into the child's own Node: entry of a child for tests. Each attempt
// gives "done", or what it was refused with.
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { readdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { setPriority } from "node:os";
import { shedPermissions } from "../../../src/process/hardening/shed-permissions.ts";

export interface AttemptOrder {
  /** Of a server on the host's loopback. */
  readonly port: number;
  readonly supervisor: number;
  /** A file of the supervisor's that it can read itself, and a name beside it that is free. */
  readonly file: string;
  readonly free: string;
}

export type Attempts = Readonly<Record<string, string>>;

async function attempt(work: () => unknown): Promise<string> {
  try {
    await work();
    return "done";
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message?: string };
    return code ?? message ?? String(error);
  }
}

function connection(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => resolve(socket.destroy() as unknown as undefined)).once("error", reject);
  });
}

function datagram(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.once("error", reject).bind(0, () => resolve(socket.close() as unknown as undefined));
  });
}

function program(): void {
  const { error, status } = spawnSync("/bin/true");
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`it ended with ${status}`);
}

function others(): void {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  if (pids.length === 0) throw new Error("there are none");
}

async function attempts({ port, supervisor, file, free }: AttemptOrder): Promise<Attempts> {
  return {
    "read /etc/passwd": await attempt(() => readFileSync("/etc/passwd")),
    "read a file of the host's": await attempt(() => readFileSync(file)),
    "list a folder": await attempt(() => readdirSync("/etc")),
    "write a file": await attempt(() => writeFileSync(free, "x")),
    "change a file": await attempt(() => writeFileSync(file, "x")),
    "remove a file": await attempt(() => unlinkSync(file)),
    "link a file": await attempt(() => symlinkSync(file, free)),
    "write its own cache": await attempt(() => writeFileSync(`${process.env["NODE_COMPILE_CACHE"] ?? free}/x`, "x")),
    "connect to a server of the host": await attempt(() => connection(port)),
    "open a datagram socket": await attempt(datagram),
    "start a program": await attempt(program),
    "see other processes": await attempt(others),
    "signal the supervisor": await attempt(() => process.kill(supervisor, 0)),
    "slow the supervisor down": await attempt(() => setPriority(supervisor, 19)),
    "become root": await attempt(() => process.setuid?.(0)),
    "leave its process group's folder": await attempt(() => process.chdir("/")),
  };
}

process.on("message", (order: AttemptOrder | "spin" | "exec") => {
  if (order === "spin") void Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);
  else if (order === "exec") process.execve?.("/bin/true", ["/bin/true"], {});
  else void attempts(order).then((result) => process.send?.(result));
});
shedPermissions();
process.send?.("ready");
