// Closes what nobody else will: executions of hosts that died, and those that have waited for too long. A host is judged by
// its mark not changing while this reaper watched, measured by the reaper's own clock, never by a time that is stored: so
// neither a clock that is wrong nor an outage of the database makes anybody dead.
import type { Ledger } from "../executions/ledger.ts";
import type { Note } from "../snapshot/note.ts";
import { startPulse } from "./pulse.ts";

export type Reaped = Awaited<ReturnType<Ledger["reap"]>>;
export type Expired = Awaited<ReturnType<Ledger["expire"]>>;

export interface ReaperParts {
  readonly ledger: Pick<Ledger, "hosts" | "reap" | "expire">;
  /** The id that this host has now: never judged. */
  readonly host: () => string;
  /** 1000 where absent. */
  readonly everyMs?: number | undefined;
  /** How long a mark stays as it is before its host is dead: 5000 where absent. */
  readonly patienceMs?: number | undefined;
  /** For a host that is dead, while it still holds what it held: what others have of it can be kept. Should not reject. */
  readonly beforeReaping?: ((host: string) => Promise<unknown>) | undefined;
  /** What it ended, and that something waits again. */
  readonly onReaped: (host: string, reaped: Reaped) => void;
  /** The other hosts, each time that they are looked at. */
  readonly onSeen?: ((others: Awaited<ReturnType<Ledger["hosts"]>>) => void) | undefined;
  readonly onExpired: (expired: Expired) => void;
  readonly log: Note;
}

interface Observation {
  readonly mark: string;
  readonly unchangedMs: number;
}

/** Watches from the beginning. */
export function createReaper({
  ledger,
  host,
  everyMs = 1000,
  patienceMs = 5000,
  beforeReaping,
  onReaped,
  onExpired,
  onSeen,
  log,
}: ReaperParts): AsyncDisposable {
  let observations = new Map<string, Observation>();
  let lastReadAt: number | undefined;
  let failing = false;

  async function watch(): Promise<void> {
    const hosts = await ledger.hosts();
    onSeen?.(hosts.filter(({ id }) => id !== host()));
    const now = performance.now();
    // Where this process itself stood still, the others may have had no turn either: more than one pause does not count.
    const passedMs = lastReadAt === undefined ? 0 : Math.min(now - lastReadAt, 1.5 * everyMs);
    lastReadAt = now;
    const before = observations;
    observations = new Map();
    for (const { id, mark } of hosts) {
      if (id === host()) continue;
      const known = before.get(id);
      observations.set(id, { mark, unchangedMs: known?.mark === mark ? known.unchangedMs + passedMs : 0 });
    }
    for (const [id, { unchangedMs }] of observations) if (unchangedMs >= patienceMs) await reap(id);
  }

  async function reap(id: string): Promise<void> {
    await beforeReaping?.(id);
    const reaped = await ledger.reap(id);
    observations.delete(id);
    if (reaped.ended.length + reaped.waiting > 0) {
      log(`The host ${id} has given no sign of life: ${reaped.ended.length} of its executions are ended, ${reaped.waiting} wait again.`);
    }
    onReaped(id, reaped);
  }

  async function tick(): Promise<void> {
    try {
      await watch();
      const expired = await ledger.expire();
      if (expired.length > 0) onExpired(expired);
      failing = false;
    } catch (error) {
      // While the database was away nobody could beat: everybody is observed anew.
      observations = new Map();
      lastReadAt = undefined;
      if (!failing) log(`The hosts cannot be watched for a while: ${error instanceof Error ? error.message : String(error)}`);
      failing = true;
    }
  }

  return startPulse(everyMs, tick);
}
