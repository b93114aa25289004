// The log lines of one execution: numbered, bounded, with the stacks in them mapped to TypeScript positions.
import type { LogLine } from "../completion.ts";
import type { LogEntry } from "../isolate/room-job.ts";
import { isNestedDeeper } from "./nesting.ts";

export interface LogBookOptions {
  readonly mapStack: (stack: string) => string;
  readonly onLine?: ((line: LogLine) => void) | undefined;
}

/** As deep as a result may be. */
const MAX_DEPTH = 1000;
const MAX_LINES = 10_000;
const MAX_CHARACTERS = 4 * 1024 * 1024;

export class LogBook {
  readonly lines: LogLine[] = [];
  readonly #options: LogBookOptions;
  #characters = 0;
  #truncated = false;

  constructor(options: LogBookOptions) {
    this.#options = options;
  }

  add(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      if (this.#truncated) return;
      const message = entry.parts.map((part, index) => (index % 2 === 0 ? part : this.#options.mapStack(part))).join("");
      this.#characters += message.length + (entry.data?.length ?? 0);
      if (this.lines.length >= MAX_LINES || this.#characters > MAX_CHARACTERS) {
        this.#truncated = true;
        this.#push({ level: "warn", message: `[truncated: an execution keeps at most ${MAX_LINES} log lines and ${MAX_CHARACTERS} characters]`, at: entry.at });
        return;
      }
      this.#push({ level: entry.level, message, at: entry.at, data: entry.data });
    }
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
      ...(data === undefined ? {} : { data: parsed(data) }),
    };
    this.lines.push(line);
    this.#options.onLine?.(line);
  }
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
