// --watch: one run after each change. A change that comes during a run stops it and begins the next.
import { CHANGED, type Changes } from "./changes.ts";
import type { Terminal } from "./terminal.ts";

export interface WatchOptions {
  readonly directory: string | undefined;
  readonly workspace: string;
  readonly quiet: boolean;
}

export interface WatchParts {
  readonly terminal: Terminal;
  readonly changes: () => Promise<Changes>;
  readonly signal: AbortSignal;
  /** One run, told of in full. */
  readonly once: (signal: AbortSignal) => Promise<unknown>;
}

/** Resolves when the signal is aborted and the last run has ended. */
export async function runOnEachChange(asked: WatchOptions, { terminal, changes: begin, signal, once }: WatchParts): Promise<void> {
  await using changes = await begin();
  const say = (text: string): void => void (asked.quiet || terminal.err(`${terminal.paint("dim", text)}\n`));
  const interrupted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  while (!signal.aborted) {
    const change = changes.duringRuns ? changes.next() : undefined;
    const stop = new AbortController();
    void change?.then(() => stop.abort(CHANGED));
    await once(AbortSignal.any([signal, stop.signal]));
    if (signal.aborted) break;
    if (!stop.signal.aborted) say(`waiting for changes in ${asked.directory ?? `workspace ${asked.workspace}`}; Ctrl-C ends`);
    await Promise.race([change ?? changes.next(), interrupted]);
    if (!signal.aborted) say("changed; running again");
  }
}
