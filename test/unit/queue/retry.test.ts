import { describe, expect, it } from "vitest";
import { FAULTS, type FaultCode } from "../../../src/errors.ts";
import { DEFAULT_RETRY, type RetryPolicy } from "../../../src/executions/ledger.ts";
import { retryAfter } from "../../../src/queue/retry.ts";

const IDEMPOTENT: RetryPolicy = { attempts: 3, backoffMs: 1000, idempotent: true };
const CODES = Object.keys(FAULTS) as FaultCode[];

describe("trying an execution again", () => {
  it("happens by default only for what may succeed later without any change, before author code began", () => {
    for (const code of CODES) {
      expect([code, retryAfter(DEFAULT_RETRY, 1, { error: { code }, begun: true })]).toEqual([code, undefined]);
      expect([code, retryAfter(DEFAULT_RETRY, 1, { error: { code }, begun: false })]).toEqual([code, FAULTS[code].retryable ? 1000 : undefined]);
    }
    expect(retryAfter(DEFAULT_RETRY, 1, { error: {}, begun: true })).toBeUndefined();
  });

  it("happens for every failure where the author says that it may, but for what its input, its modules or a cancellation has caused", () => {
    expect(retryAfter(IDEMPOTENT, 1, { error: {}, begun: true })).toBe(1000);
    for (const code of [
      "ERR_TIMEOUT_WALL",
      "ERR_MEMORY_LIMIT",
      "ERR_PROCESS_CRASH",
      "ERR_RESULT_TOO_LARGE",
      "ERR_INTERNAL",
      "ERR_REDIS_UNAVAILABLE",
    ] as const) {
      expect([code, retryAfter(IDEMPOTENT, 1, { error: { code }, begun: true })]).toEqual([code, 1000]);
    }
    expect(retryAfter(IDEMPOTENT, 1, { error: { code: "ERR_CANCELLED" }, begun: true })).toBeUndefined();
    expect(retryAfter(IDEMPOTENT, 1, { error: { code: "ERR_INPUT_INVALID" }, begun: true })).toBeUndefined();
    expect(retryAfter(IDEMPOTENT, 1, { error: { code: "ERR_MODULE_NOT_FOUND" }, begun: false })).toBeUndefined();
  });

  it("never happens after a success, nor more often than the policy says", () => {
    expect(retryAfter(IDEMPOTENT, 1, { begun: true })).toBeUndefined();
    expect(retryAfter(IDEMPOTENT, 2, { error: {}, begun: true })).toBe(2000);
    expect(retryAfter(IDEMPOTENT, 3, { error: {}, begun: true })).toBeUndefined();
    expect(retryAfter({ ...IDEMPOTENT, attempts: 1 }, 1, { error: {}, begun: true })).toBeUndefined();
  });

  it("waits twice as long each time, up to an hour", () => {
    const policy: RetryPolicy = { attempts: 20, backoffMs: 60_000, idempotent: true };
    const waits = Array.from({ length: 19 }, (_, index) => retryAfter(policy, index + 1, { error: {}, begun: true })! / 60_000);
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, ...Array.from({ length: 13 }, () => 60)]);
    expect(retryAfter({ ...policy, backoffMs: 0 }, 5, { error: {}, begun: true })).toBe(0);
  });
});
