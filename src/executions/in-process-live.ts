// Live lines and notices within one process: where there is no Redis, RPC and executor are one.
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";
import type { Live, LiveLine, Notice, PlacedClosing, PlacedLine, SaidLine } from "./live.ts";

export interface InProcessLiveOptions {
  /** How long lines stay for those who read after `drop`; 10,000 when absent. */
  readonly lingerMs?: number;
}

/** Of one execution, with those from inside: what is older goes, and is in the record. */
const MAX_LINES = 50_000;
const LINES_A_READ = 1000;

type Listener = Parameters<Live["listen"]>[0];

interface Entry {
  readonly fence: number;
  /** Undefined: from here on the fence is closed. */
  readonly said: LiveLine | undefined;
}

interface Kept {
  /** The place before the first entry: as many went from the beginning, or were there before all of this. */
  gone: number;
  /** The highest so far. */
  fence: number;
  readonly entries: Entry[];
}

export function createInProcessLive({ lingerMs = 10_000 }: InProcessLiveOptions = {}): Live {
  return new InProcessLive(lingerMs);
}

class InProcessLive implements Live {
  readonly #lingerMs: number;
  readonly #kept = new Map<string, Kept>();
  readonly #leaving = new Map<string, NodeJS.Timeout>();
  readonly #listeners = new Set<Listener>();
  /** No place up to here is given again: whoever read an execution's lines before they were dropped goes on after them. */
  #passed = 0;
  #closed = false;

  constructor(lingerMs: number) {
    this.#lingerMs = lingerMs;
  }

  append(workspace: WorkspaceId, id: string, { line, from, fence = 0 }: SaidLine): void {
    this.#add(workspace, id, { fence, said: from === undefined ? { line } : { line, from } });
  }

  close(workspace: WorkspaceId, id: string, fence: number): Promise<void> {
    this.#add(workspace, id, { fence, said: undefined });
    return Promise.resolve();
  }

  flushed(): Promise<void> {
    return Promise.resolve();
  }

  read(workspace: WorkspaceId, id: string, after: string): Promise<readonly (PlacedLine | PlacedClosing)[]> {
    const kept = this.#kept.get(`${workspace} ${id}`);
    if (kept === undefined) return Promise.resolve([]);
    const from = Math.max(0, Number(after) - kept.gone);
    return Promise.resolve(
      kept.entries.slice(from, from + LINES_A_READ).map(({ fence, said }, at) => {
        const place = String(kept.gone + from + at + 1);
        return said === undefined ? { place, fence } : { place, fence, line: said.line, from: said.from };
      }),
    );
  }

  announce(notice: Notice): Promise<void> {
    this.#tell(notice);
    return Promise.resolve();
  }

  listen(listener: Listener): Disposable {
    // Not the listener itself: the same one may listen twice.
    const heard: Listener = (notice) => listener(notice);
    this.#listeners.add(heard);
    return { [Symbol.dispose]: () => void this.#listeners.delete(heard) };
  }

  drop(workspace: WorkspaceId, id: string): void {
    const key = `${workspace} ${id}`;
    if (!this.#kept.has(key)) return;
    clearTimeout(this.#leaving.get(key));
    const timer = setTimeout(() => {
      const kept = this.#kept.get(key);
      if (kept !== undefined) this.#passed = Math.max(this.#passed, kept.gone + kept.entries.length);
      this.#leaving.delete(key);
      this.#kept.delete(key);
    }, this.#lingerMs);
    timer.unref();
    this.#leaving.set(key, timer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    this.#leaving.clear();
    this.#kept.clear();
    this.#listeners.clear();
    return Promise.resolve();
  }

  #add(workspace: WorkspaceId, id: string, entry: Entry): void {
    if (this.#closed) return;
    const key = `${workspace} ${id}`;
    let kept = this.#kept.get(key);
    if (kept === undefined) this.#kept.set(key, (kept = { gone: this.#passed, fence: entry.fence, entries: [] }));
    if (entry.fence > kept.fence) {
      kept.fence = entry.fence;
      this.#stay(key);
    }
    kept.entries.push(entry);
    // Seldom and many at once: taking one away moves all the others.
    if (kept.entries.length >= 2 * MAX_LINES) kept.gone += kept.entries.splice(0, kept.entries.length - MAX_LINES).length;
    this.#tell({ type: "lines", workspace, id });
  }

  /** The attempt that was over is followed by another. A late line of that one itself does not keep it. */
  #stay(key: string): void {
    clearTimeout(this.#leaving.get(key));
    this.#leaving.delete(key);
  }

  #tell(notice: Notice): void {
    for (const listener of this.#listeners) listener(notice);
  }
}
