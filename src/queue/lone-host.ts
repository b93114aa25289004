// Records of a process that executes for itself beside the hosts: the command line, a test, a program. What it began and did
// not end, because it was killed, is closed by the others; so while it runs something it gives signs of life as they do.
import { randomUUID } from "node:crypto";
import type { Ledger } from "../executions/ledger.ts";
import type { ExecutionRecords } from "../executions/records.ts";
import type { Note } from "../snapshot/note.ts";
import { createHeartbeat, type Heartbeat } from "./heartbeat.ts";

export interface LoneHostParts {
  /** Made with the id that it has at the time: a host that has left, or was taken for dead, begins nothing more under the old one. */
  readonly records: (host: () => string) => ExecutionRecords;
  /** Asked for when it is needed: most runs are over before. */
  readonly ledger: () => Promise<Ledger>;
  readonly name: string;
  /** Of one that it runs, and somebody wants cancelled; told again with each beat until that has ended. */
  readonly cancel: (id: string) => void;
  /** Whether nobody else can reach the database: then whoever held executions before is gone, and they are closed at the end. */
  readonly exclusive: boolean;
  readonly log: Note;
}

export interface LoneHost extends AsyncDisposable {
  readonly records: ExecutionRecords;
}

/** Most executions have ended by then; hosts are patient for longer. */
const BEAT_AFTER_MS = 1000;

export function createLoneHost({ records: recordsOf, ledger, name, cancel, exclusive, log }: LoneHostParts): LoneHost {
  let host: string = randomUUID();
  const records = recordsOf(() => host);
  let underWay = 0;
  let hasRun = false;
  let heartbeat: Heartbeat | undefined;
  let waiting: NodeJS.Timeout | undefined;
  let starting: Promise<void> | undefined;

  function began(): void {
    underWay += 1;
    hasRun = true;
    if (exclusive || waiting !== undefined || heartbeat !== undefined) return;
    waiting = setTimeout(() => void (starting = beat()), BEAT_AFTER_MS);
    waiting.unref();
  }

  async function beat(): Promise<void> {
    const known = await ledger();
    if (underWay === 0) return;
    let beating = host;
    // Taken for dead all the same, it goes on: its caller is waiting right here, and the record says what the others made of it.
    heartbeat = createHeartbeat({
      ledger: known,
      host: () => beating,
      name,
      slots: 0,
      onCancelling: (ids) => ids.forEach(cancel),
      onDead: () => {
        host = beating = randomUUID();
      },
      log: () => undefined,
    });
  }

  async function ended(): Promise<void> {
    underWay -= 1;
    if (underWay === 0) await rest();
  }

  async function rest(): Promise<void> {
    clearTimeout(waiting);
    waiting = undefined;
    await starting;
    const beating = heartbeat;
    // Something may have begun meanwhile, under this id.
    if (beating === undefined || underWay > 0) return;
    heartbeat = undefined;
    // What begins while this one leaves is another's.
    host = randomUUID();
    await beating[Symbol.asyncDispose]();
  }

  async function closeWhatIsLeft(): Promise<void> {
    const known = await ledger();
    for (const { id } of await known.hosts()) if (id !== host) await known.reap(id);
  }

  return {
    records: {
      async begin(start) {
        began();
        try {
          return await records.begin(start);
        } catch (error) {
          await ended();
          throw error;
        }
      },
      async end(...end) {
        try {
          return await records.end(...end);
        } finally {
          await ended();
        }
      },
      get: (workspace, id) => records.get(workspace, id),
    },
    async [Symbol.asyncDispose]() {
      await rest();
      if (!exclusive || !hasRun) return;
      await closeWhatIsLeft().catch((error: unknown) =>
        log(`What an earlier process left could not be closed: ${error instanceof Error ? error.message : String(error)}`),
      );
    },
  };
}
