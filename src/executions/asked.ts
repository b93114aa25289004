// What a caller may ask of an executor: what cannot be is refused by name before anything begins.
import { Fault } from "../errors.ts";
import { isLongerThan, type Limits } from "../limits.ts";
import { isUuid } from "../workspace/uuid.ts";

/** Throws ERR_INPUT_INVALID. */
export function checkId(id: string | undefined): void {
  if (id === undefined || isUuid(id)) return;
  throw new Fault("ERR_INPUT_INVALID", `${JSON.stringify(id)} is not an execution id: a UUID is wanted, best a UUIDv7.`, {
    details: { path: "id", expected: "a UUID", received: id },
  });
}

/** Throws ERR_INPUT_TOO_LARGE. */
export function checkInputSize(inputJson: string, { inputBytes: limit }: Limits): void {
  if (!isLongerThan(inputJson, limit)) return;
  const amount = Buffer.byteLength(inputJson);
  throw new Fault("ERR_INPUT_TOO_LARGE", `The input is ${amount} bytes of JSON; at most ${limit} are taken. Send less, or send where it is stored.`, {
    details: { limit, amount },
  });
}

/** Of a log line to go on behind; 0 for all. Throws ERR_INPUT_INVALID. */
export function checkLineNumber(after: number): void {
  if (Number.isSafeInteger(after) && after >= 0) return;
  throw new Fault("ERR_INPUT_INVALID", `after is ${String(after)}; the number of a log line is wanted, or 0.`, {
    details: { path: "after", expected: "a whole number of 0 or more", received: String(after) },
  });
}
