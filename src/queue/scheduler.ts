// Submits what is due by the clock. Runs on every host: a tick is submitted under a key of its own, so that those who come
// second, or again after a crash, meet the execution that is there, and only then put behind it. What was missed while
// nothing ran is one tick.
import { Fault } from "../errors.ts";
import type { Note } from "../snapshot/note.ts";
import { nextTick } from "./cron.ts";
import { startPulse } from "./pulse.ts";
import type { DueTick, Schedules, SubmittedTick } from "./schedules.ts";

export interface SchedulerParts {
  readonly schedules: Pick<Schedules, "due" | "advance">;
  /** Has the tick executed, and gives the execution's id. Under the same key it is the same execution. */
  readonly submit: (tick: DueTick, key: string) => Promise<string>;
  /** 1000 where absent. */
  readonly everyMs?: number | undefined;
  readonly log: Note;
}

const MOST_AT_ONCE = 50;

/** Submits from the beginning. Disposing ends it after what is under way. */
export function createScheduler({ schedules, submit, everyMs = 1000, log }: SchedulerParts): AsyncDisposable {
  let failing = false;

  async function submitDue(): Promise<void> {
    for (;;) {
      const { now, ticks } = await schedules.due(MOST_AT_ONCE);
      const advanced = await Promise.all(ticks.map((tick) => submitTick(tick, now)));
      if (ticks.length < MOST_AT_ONCE || !advanced.some(Boolean)) return;
    }
  }

  /** False where it is to be tried again, or somebody else has put it behind it. */
  async function submitTick(tick: DueTick, now: Date): Promise<boolean> {
    const outcome = await submitOnce(tick);
    if (outcome === undefined) return false;
    return await schedules.advance(tick, { ...nextOf(tick, now), ...outcome });
  }

  /** Undefined where it is to be tried again. */
  async function submitOnce(tick: DueTick): Promise<Omit<SubmittedTick, "next"> | undefined> {
    try {
      return { executionId: await submit(tick, `schedule:${tick.name}:${tick.at.toISOString()}`) };
    } catch (error) {
      // Between two submissions of one tick the workflow or the schedule was changed: it has its execution.
      if (error instanceof Fault && error.code === "ERR_IDEMPOTENCY_CONFLICT") return {};
      if (error instanceof Fault && error.retryable) return undefined;
      const reason = error instanceof Error ? error.message : String(error);
      log(`The schedule ${tick.name} of the workspace ${tick.workspaceName} could not run what was due at ${tick.at.toISOString()}: ${reason}`);
      return { error: reason };
    }
  }

  async function tick(): Promise<void> {
    try {
      await submitDue();
      failing = false;
    } catch (error) {
      if (!failing) log(`Schedules are not looked at for a while: ${error instanceof Error ? error.message : String(error)}`);
      failing = true;
    }
  }

  return startPulse(everyMs, tick);
}

function nextOf(tick: DueTick, now: Date): SubmittedTick {
  try {
    return { next: nextTick(tick, now > tick.at ? now : tick.at) };
  } catch (error) {
    // A time zone that this host does not know: no tick comes any more, and the schedule says why.
    return { next: undefined, error: error instanceof Error ? error.message : String(error) };
  }
}
