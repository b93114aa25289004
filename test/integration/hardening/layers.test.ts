// What is around a child in fact, for a host that is root and for one that is not: seen from outside in /proc, and felt
// from inside by code that has left its isolate.
import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LAYER_NAMES, type LayerName, type LayerState } from "../../../src/process/hardening/layers.ts";
import { GROUP_PREFIX } from "../../../src/process/hardening/memory-group.ts";
import { findMemoryGroups } from "../../../src/process/hardening/memory-groups.ts";
import { findTools } from "../../../src/process/hardening/tools.ts";
import { expectNoLeaks } from "../../support/leaks.ts";

interface Attempted {
  readonly attempts: Readonly<Record<string, string>>;
  readonly connections: number;
}

interface Hoarded {
  readonly answer?: string;
  readonly outOfMemory: boolean;
  readonly signal?: string | null;
  readonly lastWords?: string;
}

interface Report {
  readonly states: Readonly<Record<LayerName, LayerState>>;
  readonly seen: Readonly<Record<LayerName, LayerState>>;
  readonly all: Attempted;
  readonly systemAlone: Attempted;
  readonly exec: { readonly exitCode: number | null; readonly signal: string | null };
  readonly hoardInGroup: Hoarded;
  readonly hoardByLimit: Hoarded;
  readonly raised: { readonly before: number; readonly after: number };
}

const SUPERVISOR = fileURLToPath(new URL("supervisor.ts", import.meta.url));
/** Of nobody. */
const OTHER_USER = 54_321;
const root = process.getuid?.() === 0;
const { setpriv } = findTools();
const linux = process.platform === "linux";

interface Host {
  /** What the host is started by; nothing where it is as this process is. */
  readonly by: readonly string[];
  readonly user?: number;
}

const AS_OTHER: Host = { by: [setpriv ?? "", "--reuid", String(OTHER_USER), "--regid", String(OTHER_USER), "--clear-groups", "--"], user: OTHER_USER };
/** As a container's root is by default. */
const CONTAINED: Host = { by: [setpriv ?? "", "--inh-caps=-all", "--bounding-set=-sys_admin,-sys_resource,-sys_ptrace", "--"] };

const HOSTS: readonly (readonly [title: string, host: Host])[] = [
  [root ? "a host that is root" : "a host that is not root", { by: [] }],
  // Root can be anybody; others cannot be root.
  ...(root && setpriv !== undefined
    ? [["a host that is not root", AS_OTHER] as const, ["a host that is root in a container, without the right to make namespaces", CONTAINED] as const]
    : []),
];

function commandFor({ by }: Host, args: readonly string[]): readonly [string, readonly string[]] {
  const [command, ...rest] = [...by, process.execPath, "--no-warnings", SUPERVISOR, ...args] as readonly string[] as readonly [string, ...string[]];
  return [command, rest];
}

function directoryFor({ user }: Host): string {
  const directory = mkdtempSync(join(tmpdir(), "bifrost-test-"));
  chmodSync(directory, 0o755);
  if (user !== undefined) chownSync(directory, user, user);
  return directory;
}

/** Groups of a host that cannot remove them any more. */
function groupsOf(host: number): readonly string[] {
  const found = findMemoryGroups();
  if (!("groups" in found)) return [];
  const { parent } = found.groups;
  return readdirSync(parent).flatMap((name) => (name.startsWith(`${GROUP_PREFIX}${host}.`) ? [join(parent, name)] : []));
}

expectNoLeaks();

describe.runIf(linux).each(HOSTS)("%s", (_title, host) => {
  let directory = "";
  let report: Report;

  beforeAll(async () => {
    directory = directoryFor(host);
    const [command, args] = commandFor(host, [directory]);
    const { stdout } = await promisify(execFile)(command, args, { env: { TMPDIR: directory }, maxBuffer: 1024 * 1024 });
    report = JSON.parse(stdout) as Report;
  }, 120_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it("shows every layer from outside that it was planned to have: user, rights, namespaces, limits, descriptors, environment", () => {
    const planned = LAYER_NAMES.filter((name) => report.states[name].active);
    const seen = LAYER_NAMES.filter((name) => report.seen[name].active);
    expect(LAYER_NAMES.map((name) => report.seen[name]).filter((state) => !state.active && state.reason.startsWith("it was asked for"))).toEqual([]);
    expect(seen).toEqual(planned);
    expect(seen).toEqual(expect.arrayContaining(["permissions", "environment", "descriptors"]));
  });

  it("tells of each layer that is absent why, and what can be done", () => {
    for (const state of Object.values(report.seen)) if (!state.active) expect([state.reason, state.remedy]).not.toContain("");
  });

  it("refuses code that left the isolate every file, connection, process and signal", () => {
    const done = Object.entries(report.all.attempts).filter(([, result]) => result === "done");
    expect(done).toEqual([]);
    expect(report.all.connections).toBe(0);
  });

  it("refuses the same where Node's own permission model is got around, by what the system puts around it", () => {
    const { files, seccomp, network } = report.seen;
    const { attempts, connections } = report.systemAlone;
    const held = (names: readonly string[]): Record<string, string> => Object.fromEntries(names.map((name) => [name, attempts[name] ?? "not tried"]));
    const done = (names: readonly string[]): string[] => Object.entries(held(names)).flatMap(([name, result]) => (result === "done" ? [name] : []));
    if (files.active) {
      const names = [
        "read /etc/passwd",
        "read a file of the host's",
        "list a folder",
        "write a file",
        "change a file",
        "remove a file",
        "link a file",
        "write its own cache",
      ];
      expect(done([...names, "see other processes"])).toEqual([]);
    }
    if (seccomp.active) {
      const names = [
        "connect to a server of the host",
        "open a datagram socket",
        "start a program",
        "signal the supervisor",
        "slow the supervisor down",
        "become root",
      ];
      expect(done([...names, "leave its process group's folder"])).toEqual([]);
    }
    if (seccomp.active || network.active) expect(connections).toBe(0);
  });

  it("dies when it tries to become another program", () => {
    if (report.seen.seccomp.active) expect(report.exec).toEqual({ exitCode: null, signal: "SIGSYS" });
  });

  it("is ended by the kernel at its limit of memory, and that can be told from a crash", () => {
    if (report.seen.cgroup.active) expect(report.hoardInGroup).toMatchObject({ outOfMemory: true, signal: "SIGKILL", lastWords: "" });
    if (!report.seen.rlimits.active) return;
    const { answer = "", lastWords = "" } = report.hoardByLimit;
    expect(answer + lastWords).toMatch(/out of memory|allocation failed|failed to allocate/i);
  });

  it("may be given more memory for a run that may use more", () => {
    if (!report.seen.rlimits.active) return;
    expect(report.raised.before).toBeLessThan(1024 * 1024 * 1024);
    expect(report.raised.after).toBeGreaterThan(1024 * 1024 * 1024);
  });

  it.each(["rest", "spin"])("dies with its host, which is killed while it is at %s", async (mode) => {
    const [command, args] = commandFor(host, [directory, mode]);
    const started = spawn(command, args, { env: { TMPDIR: directory }, stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(started.stdout, "data")) as [Buffer];
    const { pids } = JSON.parse(line.toString()) as { readonly pids: readonly number[] };
    expect(pids.every((pid) => existsSync(`/proc/${pid}`))).toBe(true);
    const closed = once(started, "close");
    process.kill(started.pid ?? 0, "SIGKILL");
    await closed;
    const alive = (): readonly number[] => pids.filter((pid) => isAlive(pid));
    for (let round = 0; round < 250 && alive().length > 0; round++) await sleep(20);
    expect(alive()).toEqual([]);
    // Whoever inherits the dead reaps them in time; until then they are in their group.
    for (let round = 0; round < 250 && groupsOf(started.pid ?? 0).length > 0; round++) {
      for (const group of groupsOf(started.pid ?? 0)) tryRemove(group);
      await sleep(20);
    }
    expect(groupsOf(started.pid ?? 0)).toEqual([]);
  });
});

describe.runIf(linux)("after a child's end", () => {
  it("no group, link or process of it is left", () => {
    const groups = findMemoryGroups();
    if ("groups" in groups) expect(readdirSync(groups.groups.parent).filter((name) => name.startsWith(`${GROUP_PREFIX}${process.pid}.`))).toEqual([]);
    expect(spawnSync("true").status).toBe(0);
  });
});

function tryRemove(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // Somebody is in it still.
  }
}

function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.[0] !== "Z";
  } catch {
    return false;
  }
}
