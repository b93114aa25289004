// The log lines of one execution as they come, on whichever host it runs: from the live lines, and from the record what they
// lost. Each own line comes once and in order, because it is numbered; a line from inside at most once.
import { Fault } from "../errors.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";
import { isEnded } from "./is-ended.ts";
import type { Ledger } from "./ledger.ts";
import { CurrentFence } from "./current-fence.ts";
import type { Live, LiveLine } from "./live.ts";
import { LiveWake } from "./live-wake.ts";
import type { Heard, LiveWatch } from "./live-watch.ts";

export interface FollowParts {
  readonly live: Pick<Live, "read">;
  readonly ledger: Pick<Ledger, "status" | "lines">;
  readonly watch: LiveWatch;
}

export interface Followed {
  readonly workspace: WorkspaceId;
  readonly id: string;
  /** Number of the last line that is not wanted; 0 where absent. */
  readonly after?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** False: only lines that have come already. */
  readonly wait?: boolean | undefined;
}

const LOOK_EVERY_MS = 1000;
const LINES_A_PAGE = 1000;

/**
 * Ends when the execution has ended and all its lines have been given, or when the signal aborts. Waits on while the database is
 * away, but for the first look. Throws ERR_EXECUTION_NOT_FOUND for an id that the workspace does not have.
 */
export async function* followLines(parts: FollowParts, { workspace, id, after = 0, signal, wait = true }: Followed): AsyncGenerator<LiveLine, void, undefined> {
  const { live, ledger, watch } = parts;
  const given = new GivenLines(after);
  const fence = new CurrentFence();
  const isStopped = (): boolean => signal?.aborted === true;
  const woken = new LiveWake();
  const noticed = new Set<Heard>();
  using _heard = watch.on(id, (what) => {
    noticed.add(what);
    woken.wake();
  });
  let status = await ledger.status(workspace, id);
  if (status === undefined) {
    throw new Fault("ERR_EXECUTION_NOT_FOUND", `No execution of this workspace has the id ${id}.`, { details: { id } });
  }
  let lookedAt = performance.now();
  let place = "";
  for (;;) {
    // Seen before the lines are read: what it had said until then is there, or in the record.
    const ended = isEnded(status);
    // Also for who comes just after the end: the lines from inside are in the records of others, and stay live for a while.
    for (let entries = await live.read(workspace, id, place); entries.length > 0;) {
      for (const entry of entries) {
        if (isStopped()) return;
        if (fence.counts(entry)) {
          if (given.misses(entry)) yield* recorded();
          // What is missing is not in the record yet: nothing after it is given before it is.
          if (given.misses(entry) && !ended) break;
          if (given.add(entry)) yield entry.from === undefined ? { line: entry.line } : { line: entry.line, from: entry.from };
        }
        place = entry.place;
      }
      if (place !== entries.at(-1)?.place) break;
      entries = await live.read(workspace, id, place);
    }
    if (isStopped()) return;
    if ((ended || !wait) && (yield* recorded())) return;
    await woken.wait(LOOK_EVERY_MS, signal);
    if (isStopped()) return;
    const mayHaveEnded = noticed.has("ended") || noticed.has("resumed");
    noticed.clear();
    if (!mayHaveEnded && performance.now() - lookedAt < LOOK_EVERY_MS) continue;
    lookedAt = performance.now();
    status = (await ledger.status(workspace, id).catch(() => undefined)) ?? status;
  }

  /** Whether the record could be read to its end. */
  async function* recorded(): AsyncGenerator<LiveLine, boolean, undefined> {
    for (;;) {
      const page = await ledger.lines(workspace, id, { after: given.last, limit: LINES_A_PAGE }).catch((error: unknown) => {
        if (!wait) throw error;
      });
      if (page === undefined) return false;
      let isNew = false;
      for (const line of page) {
        if (isStopped()) return false;
        if (!given.add({ line })) continue;
        isNew = true;
        yield { line };
      }
      if (!isNew) return true;
    }
  }
}

/** Which lines have been given. */
class GivenLines {
  last: number;
  readonly #nested = new Map<string, number>();

  constructor(after: number) {
    this.last = after;
  }

  /** Whether own lines before this one have not been given. */
  misses({ line, from }: LiveLine): boolean {
    return from === undefined && line.sequence > this.last + 1;
  }

  /** False for a line that was given before, or that would leave others out. */
  add(live: LiveLine): boolean {
    const { line, from } = live;
    if (from === undefined) {
      if (line.sequence !== this.last + 1) return false;
      this.last = line.sequence;
      return true;
    }
    if (line.sequence <= (this.#nested.get(from.id) ?? 0)) return false;
    this.#nested.set(from.id, line.sequence);
    return true;
  }
}
