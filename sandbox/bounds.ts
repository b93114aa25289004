// What the one run of a room may still ask of its host, counted before it asks: a flood ends here, and fills neither the
// host's queues nor its memory. The host counts again and does not rely on this.
import type { Bounds, Host } from "./host.d.ts";
import { createList, min, parseJson, push, RealmRangeError, sliceText } from "./intrinsics.ts";

/** Of one log line. */
const MOST_CHARACTERS = 2 ** 23;

export interface Counts {
  /** JSON text of Bounds. Before it, nothing is bounded: no author code has run. */
  begin(bounds: string): void;
  /** One more timer that waits for the host. Throws where that is one too many: the host has been told and ends the run. */
  waitForTimer(): void;
  /** The same for an import() or a host call, which are also counted in all. */
  waitForCall(): void;
  /** One that waited has been answered or stopped. */
  answered(): void;
  /** Whether the log takes nothing more, so that a line need not be made. */
  isLogFull(): boolean;
  /**
   * The line as far as the log takes it. Of one that passes the limit more is kept than that, so that the host sees it passed and
   * says so: the stacks in it may become shorter when they are mapped, though hardly by half.
   */
  cutLine(line: LogText): LogText;
  isResultTooLong(text: string): boolean;
}

export interface LogText {
  readonly parts: readonly string[];
  readonly data: string | undefined;
}

export function createCounts(host: Pick<Host, "exceeded">): Counts {
  let bounds: Bounds = { logLines: Infinity, logBytes: Infinity, pendingCalls: Infinity, totalCalls: Infinity, resultBytes: Infinity };
  let pending = 0;
  let total = 0;
  let lines = 0;
  let characters = 0;
  let isOver = false;

  /** Once is enough: an author who goes on would flood the host with it. */
  function exceed(limit: "pendingCalls" | "totalCalls" | "resultBytes", amount: number): void {
    if (!isOver) host.exceeded(limit, amount);
    isOver = true;
  }

  function wait(): void {
    if (pending >= bounds.pendingCalls) exceed("pendingCalls", pending + 1);
    if (isOver) throw new RealmRangeError("This execution has used up its calls to the host and ends here");
    pending++;
  }

  return {
    begin: (text) => {
      bounds = parseJson(text) as Bounds;
    },
    waitForTimer: wait,
    waitForCall: () => {
      if (total >= bounds.totalCalls) exceed("totalCalls", total + 1);
      wait();
      total++;
    },
    answered: () => {
      pending--;
    },
    isLogFull: () => lines > bounds.logLines || characters > 2 * bounds.logBytes,
    cutLine: (line) => {
      lines++;
      const left = min(2 * bounds.logBytes - characters + 1, MOST_CHARACTERS);
      const length = lengthOf(line);
      characters += length;
      return length <= left ? line : cut(line, left);
    },
    isResultTooLong: (text) => {
      const isTooLong = text.length > bounds.resultBytes;
      if (isTooLong) exceed("resultBytes", text.length);
      return isTooLong;
    },
  };
}

function lengthOf({ parts, data }: LogText): number {
  let length = data === undefined ? 0 : data.length;
  for (let index = 0; index < parts.length; index++) length += (parts[index] as string).length;
  return length;
}

function cut({ parts, data }: LogText, limit: number): LogText {
  const kept = createList<string>();
  let left = limit;
  for (let index = 0; index < parts.length && left > 0; index++) {
    const part = sliceText(parts[index] as string, 0, left);
    left -= part.length;
    push(kept, left > 0 ? part : `${part}…`);
  }
  return { parts: kept, data: data === undefined || left <= 0 ? undefined : sliceText(data, 0, left) };
}
