import { describe, expect, it } from "vitest";
import { checkRecurrence, nextTick } from "../../../src/queue/cron.ts";
import { Fault } from "../../../src/errors.ts";

function ticks(cron: string, timeZone: string, from: string, count: number): string[] {
  const found: string[] = [];
  for (let after = new Date(from); found.length < count;) {
    const next = nextTick({ cron, timeZone }, after);
    if (next === undefined) break;
    found.push(next.toISOString().replace(":00.000Z", "Z"));
    after = next;
  }
  return found;
}

function refusal(act: () => unknown): { readonly message: string; readonly details: unknown } {
  try {
    act();
  } catch (error) {
    if (error instanceof Fault && error.code === "ERR_INPUT_INVALID") return { message: error.message, details: error.details };
    throw error;
  }
  throw new Error("It was taken.");
}

describe("a schedule's times", () => {
  it("are those of its time zone, in summer and in winter", () => {
    expect(ticks("0 9 * * MON-FRI", "Europe/Berlin", "2026-10-22T12:00:00Z", 3)).toEqual(["2026-10-23T07:00Z", "2026-10-26T08:00Z", "2026-10-27T08:00Z"]);
    expect(ticks("0 9 1 * *", "America/New_York", "2026-01-15T00:00:00Z", 3)).toEqual(["2026-02-01T14:00Z", "2026-03-01T14:00Z", "2026-04-01T13:00Z"]);
    expect(ticks("@daily", "UTC", "2026-01-15T00:00:00Z", 1)).toEqual(["2026-01-16T00:00Z"]);
    expect(ticks("*/20 * * * * *", "UTC", "2026-01-15T00:00:00Z", 2)).toEqual(["2026-01-15T00:00:20.000Z", "2026-01-15T00:00:40.000Z"]);
  });

  it("that clocks leave out come at the end of the gap, once", () => {
    // 02:00 → 03:00 in Berlin on 29 March 2026.
    expect(ticks("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2)).toEqual(["2026-03-29T01:00Z", "2026-03-30T00:30Z"]);
    expect(ticks("15,45 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2)).toEqual(["2026-03-29T01:00Z", "2026-03-30T00:15Z"]);
  });

  it("that clocks show twice come once, and those that come again and again go on through both hours", () => {
    // 03:00 → 02:00 in Berlin on 25 October 2026.
    expect(ticks("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2)).toEqual(["2026-10-25T00:30Z", "2026-10-26T01:30Z"]);
    expect(ticks("*/30 * * * *", "Europe/Berlin", "2026-10-24T23:45:00Z", 5)).toEqual([
      "2026-10-25T00:00Z",
      "2026-10-25T00:30Z",
      "2026-10-25T01:00Z",
      "2026-10-25T01:30Z",
      "2026-10-25T02:00Z",
    ]);
  });

  it("never come on a day that there is not", () => {
    expect(nextTick({ cron: "0 0 31 2 *", timeZone: "UTC" }, new Date())).toBeUndefined();
    expect(refusal(() => checkRecurrence({ cron: "0 0 31 2 *", timeZone: "UTC" })).message).toBe(
      'cron is "0 0 31 2 *"; expected a time that comes: no day is ever like this.',
    );
  });

  it.each(["", "* * * *", "* * * * * * 2030", "0 25 * * *", "60 * * * *", "2030-01-01T00:00:00", "@reboot", "soon", "1 2 3 4 5 6 7 8", "x".repeat(10_000)])(
    "cannot be %j: the message names field and value",
    (cron) => {
      const { message, details } = refusal(() => nextTick({ cron, timeZone: "UTC" }, new Date()));
      expect(message).toMatch(/^cron is ".*"; expected a cron expression: minute, hour, day of month, month and day of week/u);
      expect(message.length).toBeLessThan(600);
      expect(details).toMatchObject({ path: "cron", received: cron.length > 200 ? `${cron.slice(0, 200)}…` : cron });
    },
  );

  it.each(["", "Mars/Olympus", "+02:00", "Europe", "Berlin Europe", "z".repeat(500)])(
    "cannot be read in the time zone %j: the message names it",
    (timeZone) => {
      const { message, details } = refusal(() => nextTick({ cron: "0 5 * * *", timeZone }, new Date()));
      expect(message).toMatch(/^timeZone is ".*"; expected an IANA time zone such as Europe\/Berlin/u);
      expect(details).toMatchObject({ path: "timeZone" });
    },
  );
});
