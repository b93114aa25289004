// Exit codes, as the table of behaviours.md I has them.
import { describe, expect, it } from "vitest";
import { exitCodeOf, exitCodeOfThrown } from "../../../src/cli/exit-code.ts";
import type { ExecutionError } from "../../../src/completion.ts";
import { Fault, FAULTS, type FaultCode } from "../../../src/errors.ts";

function failure(code?: FaultCode): ExecutionError {
  return { ...(code && { code }), name: "Error", message: "", stack: "", frames: [] };
}

describe("the exit code", () => {
  it("is 0 for success, 1 for an author's own throw and for CompletedWithErrors", () => {
    expect(exitCodeOf({ status: "Success" })).toBe(0);
    expect(exitCodeOf({ status: "Failed", error: failure() })).toBe(1);
    expect(exitCodeOf({ status: "CompletedWithErrors" })).toBe(1);
  });

  it.for([
    ["ERR_INPUT_INVALID", 2],
    ["ERR_EXECUTABLE_NOT_FOUND", 3],
    ["ERR_MODULE_NOT_FOUND", 4],
    ["ERR_MODULE_SYNTAX", 4],
    ["ERR_IMPORT_DENIED", 5],
    ["ERR_REDIS_UNAVAILABLE", 69],
    ["ERR_INTERNAL", 70],
    ["ERR_TIMEOUT_WALL", 124],
    ["ERR_TIMEOUT_CPU", 124],
    ["ERR_CANCELLED", 130],
    ["ERR_MEMORY_LIMIT", 137],
    ["ERR_PROCESS_CRASH", 137],
    ["ERR_RESULT_NOT_SERIALIZABLE", 1],
  ] as const)("of %s is %i, in an execution and without one", ([code, exitCode]) => {
    expect(exitCodeOf({ status: "Failed", error: failure(code) })).toBe(exitCode);
    expect(exitCodeOfThrown(new Fault(code, "message"))).toBe(exitCode);
  });

  it("of a status without a code is that of its kind", () => {
    expect(exitCodeOf({ status: "Timeout" })).toBe(124);
    expect(exitCodeOf({ status: "Cancelled" })).toBe(130);
    expect(exitCodeOf({ status: "Stuck" })).toBe(137);
  });

  it("of anything that is no fault is 70: it is our defect", () => {
    for (const thrown of [new Error("x"), "x", undefined]) expect(exitCodeOfThrown(thrown)).toBe(70);
  });

  it("is the table's for every code", () => {
    for (const code of Object.keys(FAULTS) as FaultCode[]) expect(exitCodeOf({ status: "Failed", error: failure(code) })).toBe(FAULTS[code].exitCode);
  });
});
