import { describe, expect, it } from "vitest";
import { checkSubmission } from "../../src/host-submission.ts";
import { rfc3339 } from "../../src/rfc-3339.ts";

describe("a time", () => {
  it.each([
    ["2026-11-20T10:00:00Z", "2026-11-20T10:00:00.000Z"],
    ["2026-11-20t10:00:00.123456z", "2026-11-20T10:00:00.123Z"],
    ["2026-11-20T10:00+02:00", "2026-11-20T08:00:00.000Z"],
    ["2024-02-29T23:30:00-01:00", "2024-03-01T00:30:00.000Z"],
  ])("%s is %s", (text, time) => {
    expect(rfc3339(text)).toBe(time);
  });

  it.each([
    "",
    "yesterday",
    "2026-11-20",
    "2026-11-20T10:00:00",
    "2026-11-20 10:00:00Z",
    "2026-13-20T10:00:00Z",
    "2026-02-29T10:00:00Z",
    "2026-04-31T10:00:00Z",
    "2026-11-20T25:00:00Z",
    "2026-11-20T10:00:00+99:00",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:00:00-14:00",
    " 2026-11-20T10:00:00Z",
    "2026-11-20T10:00:00Z\n",
  ])("%j is none", (text) => {
    expect(rfc3339(text)).toBeUndefined();
  });

  it("that does not exist is refused before anything is kept", () => {
    const submission = { reference: "a.ts", inputJson: "{}", askedBy: "test" };
    expect(() => checkSubmission({ ...submission, dueAt: "2027-02-29T06:00:00Z" })).toThrow(/scheduledAt is "2027-02-29T06:00:00Z"/);
    expect(() => checkSubmission({ ...submission, dueAt: "2027-02-28T06:00:00Z" })).not.toThrow();
  });
});
