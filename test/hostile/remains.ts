// What a hostile run may leave behind in the machine, looked at from the supervisor: processes, zombies, descriptors,
// rejections that nobody handled, warnings.
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { settledProcesses } from "../../src/testing/shared-pools.ts";
import { commandOf, descendantsOf } from "../support/child-processes.ts";

const OURS = /child-main|transpile-child|esbuild/;
/** The channel and the pipe for last words of each child. */
const DESCRIPTORS_OF_CHILD = 2;
const LOOK_MS = 20;
const PATIENCE_MS = 10_000;

/** Of a supervisor with its pool at rest. */
export interface Rest {
  readonly descriptors: number;
  readonly children: number;
}

export class Remains {
  readonly #mayStay: RegExp;
  /** `id:start time` of every process that has been seen below this one. */
  readonly #seen = new Map<string, number>();
  readonly #complaints: string[] = [];
  readonly #rejected = (reason: unknown): unknown => this.#complaints.push(`unhandled rejection: ${String(reason)}`);
  readonly #warned = (warning: Error): unknown => this.#complaints.push(`warning: ${warning.name}: ${warning.message}`);
  #rest: Rest | undefined;
  #watch: NodeJS.Timeout | undefined;

  /** `mayStay`: command lines of processes that outlive a test. */
  constructor(mayStay: RegExp = OURS) {
    this.#mayStay = mayStay;
  }

  open(): void {
    process.on("unhandledRejection", this.#rejected);
    process.on("warning", this.#warned);
    this.#watch = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.#watch);
    process.off("unhandledRejection", this.#rejected);
    process.off("warning", this.#warned);
  }

  /** Remembers how the supervisor is while nothing runs. */
  async rest(): Promise<void> {
    await settled();
    this.#rest = { descriptors: descriptors(), children: livingChildren().length };
  }

  /** Resolves once nothing is left; rejects with a list when patience runs out. */
  async check(): Promise<void> {
    this.#look();
    await settled();
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const left = [...this.#processesLeft(), ...this.#descriptorsLeft(), ...this.#complaints];
      if (left.length === 0) return;
      if (performance.now() > deadline) {
        this.#complaints.length = 0;
        throw new Error(`The run left behind:\n${left.map((line) => `  ${line}`).join("\n")}`);
      }
      await sleep(LOOK_MS);
    }
  }

  #look(): void {
    for (const id of descendantsOf(process.pid)) {
      const started = statusOf(id)?.started;
      if (started !== undefined) this.#seen.set(`${id}:${started}`, id);
    }
  }

  /** Dead and not collected, or alive although it is none of the pool's any more: also one that has lost its parent. */
  #processesLeft(): string[] {
    const below = new Set(descendantsOf(process.pid));
    const left: string[] = [];
    for (const [key, id] of this.#seen) {
      const status = statusOf(id);
      if (status === undefined || `${id}:${status.started}` !== key) this.#seen.delete(key);
      else if (status.state === "Z") left.push(`zombie ${id}`);
      else if (!below.has(id)) left.push(`process ${id} without its parent: ${commandOf(id)}`);
      else if (!this.#mayStay.test(commandOf(id))) left.push(`process ${id}: ${commandOf(id)}`);
    }
    return left;
  }

  #descriptorsLeft(): string[] {
    if (this.#rest === undefined) return [];
    const more = Math.max(0, livingChildren().length - this.#rest.children);
    const allowed = this.#rest.descriptors + more * DESCRIPTORS_OF_CHILD;
    const open = descriptors();
    return open > allowed ? [`${open - allowed} descriptors more than before (${open})`] : [];
  }
}

/** Rejects where the pool does not come to rest: a child hangs. */
async function settled(): Promise<void> {
  const late = new AbortController();
  const waited = sleep(PATIENCE_MS, "late", { signal: late.signal }).catch(() => "in time");
  const first = await Promise.race([settledProcesses(), waited]);
  late.abort();
  if (first === "late") throw new Error(`The pool does not come to rest: ${livingChildren().map(commandOf).join("; ")}`);
}

function livingChildren(): number[] {
  return descendantsOf(process.pid).filter((id) => OURS.test(commandOf(id)));
}

function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

/** Undefined for a process that is gone. */
function statusOf(id: number): { readonly state: string; readonly started: string } | undefined {
  try {
    const fields = readFileSync(`/proc/${id}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return { state: fields[0] as string, started: fields[19] as string };
  } catch {
    return undefined;
  }
}
