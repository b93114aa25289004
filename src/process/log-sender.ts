// Gathers a run's log lines in the child, so that a burst costs one message.
import type { LogEntry } from "../isolate/room-job.ts";

/** Lines wait this long at most. */
const DELAY_MS = 5;
const BATCH_LINES = 200;
const BATCH_CHARACTERS = 256 * 1024;

export interface LogSender {
  add(entry: LogEntry): void;
  flush(): void;
}

export function createLogSender(send: (entries: readonly LogEntry[]) => void): LogSender {
  let waiting: LogEntry[] = [];
  let characters = 0;
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    send(waiting);
    waiting = [];
    characters = 0;
  }

  return {
    add(entry) {
      waiting.push(entry);
      for (const part of entry.parts) characters += part.length;
      if (waiting.length >= BATCH_LINES || characters >= BATCH_CHARACTERS) flush();
      else timer ??= setTimeout(flush, DELAY_MS);
    },
    flush,
  };
}
