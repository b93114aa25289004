// When a schedule is due: a cron expression read in a time zone. As with cron itself, what is due at fixed times runs once
// on days when clocks change (what would fall into the gap runs at its end), and what is due again and again goes on.
import { Cron } from "croner";
import { Fault } from "../errors.ts";

export interface Recurrence {
  /** Five fields, or six with seconds first; `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`. */
  readonly cron: string;
  /** IANA: Europe/Berlin, UTC. */
  readonly timeZone: string;
}

const MAX_CHARACTERS = 200;

/** The first tick after `after`; undefined where none comes. Throws ERR_INPUT_INVALID, naming field and value. */
export function nextTick({ cron, timeZone }: Recurrence, after: Date): Date | undefined {
  checkTimeZone(timeZone);
  return readCron(cron, timeZone).nextRun(after) ?? undefined;
}

/** Throws ERR_INPUT_INVALID, naming field and value, where no tick would ever come. */
export function checkRecurrence(recurrence: Recurrence): void {
  if (nextTick(recurrence, new Date()) === undefined) throw invalid("cron", recurrence.cron, "a time that comes: no day is ever like this");
}

function readCron(cron: string, timezone: string): Cron {
  const expected = "a cron expression: minute, hour, day of month, month and day of week, with seconds before them where they are meant";
  // With a colon it would be read as one point of time.
  if (cron.length > MAX_CHARACTERS || cron.includes(":")) throw invalid("cron", cron, expected);
  try {
    return new Cron(cron, { timezone, paused: true, mode: "5-or-6-parts", fixedTimeRule: "no-wildcard" });
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^CronPattern: /u, "") : String(error);
    throw invalid("cron", cron, `${expected} (${reason})`);
  }
}

function checkTimeZone(timeZone: string): void {
  const expected = "an IANA time zone such as Europe/Berlin, America/New_York or UTC";
  // Offsets are taken where time zones are, and know nothing of summer.
  if (timeZone.length > MAX_CHARACTERS || !/^[a-z]/iu.test(timeZone)) throw invalid("timeZone", timeZone, expected);
  try {
    Intl.DateTimeFormat("en", { timeZone });
  } catch {
    throw invalid("timeZone", timeZone, expected);
  }
}

function invalid(path: "cron" | "timeZone", value: string, expected: string): Fault {
  const received = value.length > MAX_CHARACTERS ? `${value.slice(0, MAX_CHARACTERS)}…` : value;
  return new Fault("ERR_INPUT_INVALID", `${path} is ${JSON.stringify(received)}; expected ${expected}.`, { details: { path, expected, received } });
}
