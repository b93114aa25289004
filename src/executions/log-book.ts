// The log lines of one execution: numbered, bounded, with the stacks in them mapped to TypeScript positions.
import type { LogLine } from "../completion.ts";
import type { LogEntry } from "../isolate/room-job.ts";
import { isNestedDeeper } from "./nesting.ts";
import type { Scrubber } from "./scrub.ts";

export interface LogBookOptions {
  readonly mapStack: (stack: string) => string;
  /** Asked for at every line: what is looked for grows with what is handed out. */
  readonly scrubber?: (() => Scrubber | undefined) | undefined;
  readonly onLine?: ((line: LogLine) => void) | undefined;
  /** Of attempts before: they stand first, and count, as they are kept. Where those were cut, nothing is added. */
  readonly earlier?: readonly LogLine[] | undefined;
  readonly maxLines: number;
  /** Of messages and data together, in UTF-8, as the room wrote them: mapping may shorten a stack without bound, and the room counts too. */
  readonly maxBytes: number;
}

/** As deep as a result may be. */
const MAX_DEPTH = 1000;
const MARK = "[truncated: an execution keeps at most ";

export class LogBook {
  readonly lines: LogLine[] = [];
  readonly #options: LogBookOptions;
  #bytes = 0;
  #truncated = false;
  readonly #firstScrubber: Scrubber | undefined;

  constructor(options: LogBookOptions) {
    this.#options = options;
    for (const line of options.earlier ?? []) {
      this.lines.push(line);
      this.#bytes += bytesOf({ parts: [line.message], data: line.data === undefined ? undefined : JSON.stringify(line.data) });
      // Behind the mark there is what the host says of attempts, and nothing of theirs.
      if (line.level === "warn" && line.message.startsWith(MARK)) this.#truncated = true;
    }
    this.#firstScrubber = this.#scrubber();
  }

  add(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      if (this.#truncated) return;
      const { mapStack } = this.#options;
      const scrubber = this.#scrubber();
      const message = entry.parts.map((part, index) => (index % 2 === 0 ? part : mapStack(part))).join("");
      // Before it is measured and perhaps cut: half of a secret would not be known for one.
      this.#add({ ...entry, message: scrubber === undefined ? message : scrubber.text(message), bytes: bytesOf(entry) });
    }
  }

  /** As they are kept: of secrets that were handed out after a line came, it may hold those that somebody else had put into the input. */
  finished(): readonly LogLine[] {
    const scrubber = this.#scrubber();
    if (scrubber === undefined || scrubber === this.#firstScrubber) return this.lines;
    return this.lines.map(({ message, data, ...line }) => ({
      ...line,
      message: scrubber.text(message),
      ...(data === undefined ? {} : { data: scrubber.value(data) }),
    }));
  }

  #scrubber(): Scrubber | undefined {
    return this.#options.scrubber?.();
  }

  #add({ level, message, at, data, bytes }: Omit<LogEntry, "parts"> & { readonly message: string; readonly bytes: number }): void {
    const { maxLines, maxBytes } = this.#options;
    if (this.lines.length >= maxLines) return this.#truncate(at);
    const room = maxBytes - this.#bytes;
    this.#bytes += bytes;
    if (this.#bytes <= maxBytes) return this.#push({ level, message, at, data });
    // Of the line that is too much, its beginning is kept: it may be the one that tells.
    const beginning = firstBytes(message, room);
    if (beginning !== "") this.#push({ level, message: beginning === message ? message : `${beginning}…`, at });
    this.#truncate(at);
  }

  #truncate(at: number): void {
    const { maxLines, maxBytes } = this.#options;
    this.#truncated = true;
    this.#push({ level: "warn", message: `${MARK}${maxLines} log lines and ${maxBytes} bytes]`, at });
  }

  #data(text: string): unknown {
    const data = parsed(text);
    const scrubber = this.#scrubber();
    return scrubber === undefined ? data : scrubber.value(data);
  }

  #push({
    level,
    message,
    at,
    data,
  }: {
    readonly level: LogLine["level"];
    readonly message: string;
    readonly at: number;
    readonly data?: string | undefined;
  }): void {
    const line: LogLine = {
      sequence: this.lines.length + 1,
      level,
      message,
      timestamp: new Date(at).toISOString(),
      ...(data === undefined ? {} : { data: this.#data(data) }),
    };
    this.lines.push(line);
    try {
      this.#options.onLine?.(line);
    } catch (error) {
      // A mistake of the host's, and not of the child that sent the line: thrown where nobody of ours takes it for one.
      process.nextTick(() => {
        throw error;
      });
    }
  }
}

function bytesOf({ parts, data }: { readonly parts: LogEntry["parts"]; readonly data?: string | undefined }): number {
  let bytes = data === undefined ? 0 : Buffer.byteLength(data);
  for (const part of parts) bytes += Buffer.byteLength(part);
  return bytes;
}

/** As much of the beginning as fits, without a cut through a character. */
function firstBytes(text: string, bytes: number): string {
  const cut = Buffer.from(text.slice(0, bytes)).subarray(0, bytes);
  return new TextDecoder().decode(cut, { stream: true });
}

/** The room writes this text, but the room is author's ground: it may not be JSON, and deeper than an answer can be written out. Then it stays text. */
function parsed(text: string): unknown {
  if (isNestedDeeper(text, MAX_DEPTH)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
