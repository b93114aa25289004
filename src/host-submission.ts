// What a caller may ask of a submission: what cannot be is refused by name before anything is kept.
import { Fault } from "./errors.ts";
import type { Submission } from "./host.ts";
import { rfc3339 } from "./rfc-3339.ts";

const MOST_PRIORITY = 100;
const MAX_KEY_CHARACTERS = 200;
/** What is planned for later than that is a mistake in the date. */
const FARTHEST_MS = 10 * 365 * 24 * 60 * 60 * 1000;
const SNAPSHOT_ID = /^s1-[0-9a-f]{64}$/;

/** Throws ERR_INPUT_INVALID. */
export function checkSubmission({ priority, idempotencyKey, dueAt, delayMs, maxWaitMs, snapshotId }: Submission): void {
  if (priority !== undefined && !(Number.isInteger(priority) && Math.abs(priority) <= MOST_PRIORITY)) {
    throw invalid("priority", String(priority), `a whole number from -${MOST_PRIORITY} to ${MOST_PRIORITY}`);
  }
  if (idempotencyKey !== undefined && (idempotencyKey === "" || idempotencyKey.length > MAX_KEY_CHARACTERS)) {
    throw invalid("idempotencyKey", `${idempotencyKey.length} characters`, `1 to ${MAX_KEY_CHARACTERS} characters`);
  }
  if (dueAt !== undefined && !isTime(dueAt)) throw invalid("scheduledAt", dueAt, "a time such as 2026-03-01T06:00:00Z, at most ten years ahead");
  if (delayMs !== undefined && !(Number.isSafeInteger(delayMs) && delayMs >= 0 && delayMs < FARTHEST_MS)) {
    throw invalid("delayMs", String(delayMs), "milliseconds, 0 or more, ten years at most");
  }
  if (delayMs !== undefined && dueAt !== undefined) throw invalid("delayMs", String(delayMs), "nothing where scheduledAt is given");
  if (maxWaitMs !== undefined && !(Number.isSafeInteger(maxWaitMs) && maxWaitMs >= 0)) throw invalid("maxWaitMs", String(maxWaitMs), "milliseconds, 0 or more");
  if (snapshotId !== undefined && !SNAPSHOT_ID.test(snapshotId))
    throw invalid("snapshotId", snapshotId, "the snapshotId of an execution: s1- and 64 hexadecimal digits");
}

function isTime(text: string): boolean {
  const time = rfc3339(text);
  return time !== undefined && Date.parse(time) - Date.now() < FARTHEST_MS;
}

function invalid(path: string, received: string, expected: string): Fault {
  return new Fault("ERR_INPUT_INVALID", `${path} is ${JSON.stringify(received.slice(0, 200))}; ${expected} is wanted.`, {
    details: { path, expected, received: received.slice(0, 200) },
  });
}
