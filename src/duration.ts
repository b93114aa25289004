// A length of time as a person writes it: 30s, 500ms, 2m, 1h; a number alone is seconds, as for timeout(1).
import { Fault } from "./errors.ts";

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, "": 1000 } as const;

/** What a timer can hold: 2^31 - 1 milliseconds, close to 25 days. */
const MAX_MS = 2_147_483_647;

/** Milliseconds; 0 means none. Throws ERR_INPUT_INVALID, naming the option. */
export function parseDuration(text: string, option: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?|\.\d+)(ms|s|m|h)?$/.exec(text.trim().toLowerCase()) ?? [];
  if (number === undefined) throw wrong(text, option);
  const milliseconds = Math.ceil(Number(number) * UNIT_MS[unit as keyof typeof UNIT_MS]);
  if (milliseconds > MAX_MS) throw wrong(text, option);
  return milliseconds;
}

/** For people: 12 ms, 1.25 s, 2 min 5 s. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${Number((milliseconds / 1000).toFixed(2))} s`;
  const seconds = Math.round(milliseconds / 1000);
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function wrong(text: string, option: string): Fault {
  const expected = "a duration such as 500ms, 30s, 2m or 1h (a number alone is seconds, 0 is none, 24 days at most)";
  return new Fault("ERR_INPUT_INVALID", `${option} is ${JSON.stringify(text)}; expected ${expected}.`, {
    name: "UsageError",
    details: { path: option, expected, received: text },
  });
}
