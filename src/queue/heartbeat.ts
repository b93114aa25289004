// Tells the others that this host lives, and hears what they want cancelled, and whether they took it for dead.
// Does not judge anybody: that is reaper.ts.
import type { Ledger } from "../executions/ledger.ts";
import type { Note } from "../snapshot/note.ts";
import { startPulse } from "./pulse.ts";

export interface HeartbeatParts {
  readonly ledger: Pick<Ledger, "beat" | "leave">;
  /** The id that this host has now; it takes a new one after it was taken for dead. */
  readonly host: () => string;
  /** For people. */
  readonly name: string;
  readonly slots: number;
  /** 1000 where absent. */
  readonly everyMs?: number | undefined;
  /** Executions of this host that somebody wants cancelled; told again with each beat until they have ended. */
  readonly onCancelling: (ids: readonly string[]) => void;
  /** Others took this host for dead: what it runs is no longer its own. `host` gives a new id when this has resolved. */
  readonly onDead: () => Promise<void> | void;
  readonly log: Note;
}

/** Disposing stops the beating and leaves: nothing may run under the id any more. */
export interface Heartbeat extends AsyncDisposable {
  /** Beats now. Rejects with ERR_DATABASE_UNAVAILABLE: await it once before anything is claimed. */
  beat(): Promise<void>;
}

/** How many beats may be without an answer at once: one that is stuck on a lost connection must not silence the host. */
const MOST_UNANSWERED = 3;

/** Beats from the beginning. */
export function createHeartbeat({ ledger, host, name, slots, everyMs = 1000, onCancelling, onDead, log }: HeartbeatParts): Heartbeat {
  let unanswered = 0;
  let failing = false;
  let dying: Promise<void> | undefined;
  let left = false;

  async function beat(): Promise<void> {
    await dying;
    const id = host();
    const { alive, cancelling } = await ledger.beat(id, { name, slots });
    if (left || id !== host()) return;
    if (!alive) return (dying ??= die(id).finally(() => (dying = undefined)));
    if (cancelling.length > 0) onCancelling(cancelling);
  }

  async function die(id: string): Promise<void> {
    log(
      `Other hosts took this one (${id}) for dead: for some seconds the database had no sign of life. What it runs is stopped, and it goes on under a new id.`,
    );
    await onDead();
  }

  async function tick(): Promise<void> {
    if (unanswered >= MOST_UNANSWERED) return;
    unanswered += 1;
    try {
      await beat();
      if (failing) log("The database has this host's signs of life again.");
      failing = false;
    } catch (error) {
      if (!failing && !left) log(`This host cannot give a sign of life, and tries again each ${everyMs} ms: ${messageOf(error)}`);
      failing = true;
    } finally {
      unanswered -= 1;
    }
  }

  // A tick is not waited for: the next beat goes out although this one has no answer yet.
  const pulse = startPulse(everyMs, () => Promise.resolve(void tick()));
  return {
    beat,
    async [Symbol.asyncDispose]() {
      if (left) return;
      left = true;
      await pulse[Symbol.asyncDispose]();
      await ledger.leave(host()).catch((error: unknown) => log(`This host could not sign off; others will see that it is gone: ${messageOf(error)}`));
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
