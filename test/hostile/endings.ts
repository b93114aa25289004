// How a hostile run may end, as assertions to put into a case.
import { expect } from "vitest";
import type { Execution, TerminalStatus } from "../../src/completion.ts";
import { Fault, type FaultCode } from "../../src/errors.ts";
import type { LimitName } from "../../src/limits.ts";

type Ending = (outcome: Execution | Fault) => void;

/** Fails with what was thrown instead. */
export function execution(outcome: Execution | Fault): Execution {
  if (outcome instanceof Fault) throw new Error(`No execution began: ${outcome.code}: ${outcome.message}`);
  return outcome;
}

/** Status and code, exactly; `code` undefined means that the error is the author's own. */
export function ends(status: TerminalStatus, code: FaultCode | undefined, more?: (execution: Execution) => void): Ending {
  return (outcome) => {
    const ended = execution(outcome);
    expect({ status: ended.status, code: ended.error?.code, message: ended.error?.message }).toEqual({
      status,
      code,
      message: (status === "Success" ? undefined : expect.any(String)) as unknown,
    });
    more?.(ended);
  };
}

export const timesOut = ends("Timeout", "ERR_TIMEOUT_WALL", ({ error, result }) => {
  expect(error?.name).toBe("TimeoutError");
  expect(result).toBeUndefined();
});

export const runsOutOfProcessorTime = ends("Timeout", "ERR_TIMEOUT_CPU");

export const runsOutOfMemory = ends("Failed", "ERR_MEMORY_LIMIT", ({ error, result }) => {
  expect(error?.name).toBe("MemoryLimitError");
  expect(result).toBeUndefined();
});

/** Ends in one of several ways, each exact: where chance or the machine decides which limit is reached first. */
export function endsInOneOf(...ways: readonly Ending[]): Ending {
  return (outcome) => {
    const refusals: unknown[] = [];
    for (const way of ways) {
      try {
        return way(outcome);
      } catch (error) {
        refusals.push(error);
      }
    }
    throw refusals[0];
  };
}

export function returns(result: unknown): Ending {
  return ends("Success", undefined, (ended) => expect(ended.result).toEqual(result));
}

/** The author's own error, or the engine's for the author, by name and beginning of the message. */
export function throws(name: string, message: string | RegExp): Ending {
  return ends("Failed", undefined, ({ error }) => {
    expect(error?.name).toBe(name);
    if (typeof message === "string") expect(error?.message).toBe(message);
    else expect(error?.message).toMatch(message);
  });
}

/** Passing a limit, by its code and its name; and the amount is more than the limit. */
export function exceeds(code: FaultCode, limit?: LimitName): Ending {
  return ends("Failed", code, ({ error }) => {
    if (limit === undefined) return;
    const { limit: most, amount } = (error?.details ?? {}) as { limit?: number; amount?: number };
    expect(most).toEqual(expect.any(Number));
    expect(amount).toBeGreaterThan(most as number);
  });
}

/** None began. */
export function refused(code: FaultCode): Ending {
  return (outcome) => {
    expect(outcome).toBeInstanceOf(Fault);
    expect((outcome as Fault).code).toBe(code);
  };
}
