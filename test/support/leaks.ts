// Sees to it that a test leaves nothing behind: no process, no socket, pipe or watcher, no temporary file.
// What is alive before the first test may stay; what a test adds must be gone soon after it.
import { mkdtempSync, chmodSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeEach } from "vitest";

export interface LeakOptions {
  /** Brings to rest what may outlive a test, such as a shared pool of processes: called after each test, before the look. */
  readonly settle?: () => Promise<void> | void;
  /** Processes that may stay: the command line, arguments joined by spaces. */
  readonly mayStay?: (command: string) => boolean;
  /** How long after a test its remains may take to go, in milliseconds; 5000 unless told. */
  readonly patienceMs?: number;
}

/** Timers and single reads come and go with the test runner; these do not. */
const WATCHED_RESOURCES = new Set(["ProcessWrap", "PipeWrap", "TCPSocketWrap", "TCPServerWrap", "UDPWrap", "FSEventWrap", "Worker", "StatWatcher"]);

/** Call at the top of a test file (or of a describe block): every test in it is watched. Temporary files go to a directory of the file's own. */
export function expectNoLeaks(options: LeakOptions = {}): void {
  const watch = new LeakWatch(options);
  beforeEach(() => watch.begin());
  afterEach(() => watch.check());
  afterAll(() => watch.close());
}

export class LeakWatch {
  readonly #options: LeakOptions;
  readonly #outer = process.env["TMPDIR"];
  readonly #own = mkdtempSync(join(tmpdir(), "bifrost-test-"));
  #before: Inventory;

  /** From here on temporary files go to a directory of its own. */
  constructor(options: LeakOptions = {}) {
    this.#options = options;
    // Servers that gave up root have to pass through.
    chmodSync(this.#own, 0o711);
    process.env["TMPDIR"] = this.#own;
    this.#before = takeInventory(this.#own);
  }

  begin(): void {
    this.#before = takeInventory(this.#own);
  }

  /** Resolves once nothing is left of what came since `begin`; rejects with a list when patience runs out. */
  async check(): Promise<void> {
    await this.#options.settle?.();
    const deadline = performance.now() + (this.#options.patienceMs ?? 5_000);
    for (;;) {
      const left = difference(this.#before, takeInventory(this.#own), this.#options);
      if (left.length === 0) return;
      if (performance.now() > deadline) throw new Error(`The test left behind:\n${left.map((line) => `  ${line}`).join("\n")}`);
      await sleep(20);
    }
  }

  close(): void {
    if (this.#outer === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = this.#outer;
    rmSync(this.#own, { recursive: true, force: true });
  }
}

interface Inventory {
  /** Process id → command line. */
  readonly processes: ReadonlyMap<number, string>;
  readonly resources: ReadonlyMap<string, number>;
  readonly files: readonly string[];
}

function takeInventory(directory: string): Inventory {
  const resources = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) {
    if (WATCHED_RESOURCES.has(name)) resources.set(name, (resources.get(name) ?? 0) + 1);
  }
  return { processes: childProcesses(), resources, files: readdirSync(directory) };
}

function difference(before: Inventory, after: Inventory, { mayStay }: LeakOptions): string[] {
  const processes = [...after.processes].filter(([id, command]) => !before.processes.has(id) && mayStay?.(command) !== true);
  const allowed = after.processes.size - before.processes.size - processes.length;
  const resources = [...after.resources].filter(([name, count]) => {
    const known = before.resources.get(name) ?? 0;
    // A process that may stay brings a handle and its pipes.
    return count > known && !(allowed > 0 && (name === "ProcessWrap" || name === "PipeWrap"));
  });
  return [
    ...processes.map(([id, command]) => `process ${id}: ${command}`),
    ...resources.map(([name, count]) => `${count - (before.resources.get(name) ?? 0)} × ${name}`),
    ...after.files.filter((file) => !before.files.includes(file)).map((file) => `temporary file ${file}`),
  ];
}

/** Living children of this process, as Linux lists them; elsewhere the handles tell. */
function childProcesses(): Map<number, string> {
  const found = new Map<number, string>();
  try {
    for (const task of readdirSync("/proc/self/task")) {
      const ids = readFileSync(`/proc/self/task/${task}/children`, "utf8")
        .split(" ")
        .filter((id) => id !== "")
        .map(Number);
      for (const id of ids) {
        const command = commandOf(id);
        if (command !== undefined) found.set(id, command);
      }
    }
  } catch {
    // No /proc, or a kernel without the list of children.
  }
  return found;
}

/** Undefined for one that is gone, or dead and not yet collected. */
function commandOf(id: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${id}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return text === "" ? undefined : text;
  } catch {
    return undefined;
  }
}
