// What a caller sees who is no admin.
import { describe, expect, it } from "vitest";
import { forCaller } from "../../src/audience.ts";
import type { Execution, ExecutionError } from "../../src/completion.ts";
import { FAULTS, type FaultCode } from "../../src/errors.ts";

const SECRET = "postgres://user:password@host/db";
const FRAMES = [{ path: "secret/place.ts", line: 1, column: 1, hash: "abc" }];

function failed(error: Partial<ExecutionError>): Execution {
  const whole: ExecutionError = {
    name: "TypeError",
    message: SECRET,
    stack: `TypeError: ${SECRET}\n    at secret/place.ts:1:1`,
    frames: FRAMES,
    details: { at: SECRET },
    ...error,
  };
  return { ...succeeded(), status: "Failed", error: { ...whole, cause: { ...whole, name: "Cause" } } };
}

function succeeded(): Execution {
  return {
    version: 1,
    id: "id",
    workflow: "wf.ts::default",
    status: "Success",
    logs: [{ sequence: 1, level: "info", message: SECRET, timestamp: "" }],
    usage: { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1 },
    snapshotId: "s1-x",
    modules: [{ path: "secret/place.ts", hash: "abc" }],
    startedAt: "a",
    finishedAt: "b",
  };
}

describe("a caller who is no admin", () => {
  it("B91: reads the message of a UserError verbatim, and nothing of where it comes from", () => {
    const { error, logs, modules } = forCaller(failed({ name: "UserError", message: "Ticket 7 is closed already.", userFacing: true }));
    expect(error).toEqual({
      name: "UserError",
      message: "Ticket 7 is closed already.",
      stack: "UserError: Ticket 7 is closed already.",
      frames: [],
      userFacing: true,
    });
    expect([logs, modules]).toEqual([[], []]);
  });

  it("B91: gets a generic message for any other error, without stack, frames, causes, details or logs", () => {
    const seen = forCaller(failed({}));
    expect(JSON.stringify(seen)).not.toMatch(/password|secret|TypeError|Cause/u);
    expect(seen).toMatchObject({ id: "id", status: "Failed", error: { name: "Error", frames: [] } });
    expect(seen.error).not.toHaveProperty("code");
  });

  it("B91: reads the code of a fault, but no more, whichever it is", () => {
    for (const code of Object.keys(FAULTS).filter((each) => !each.startsWith("ERR_INPUT_")) as FaultCode[]) {
      const seen = forCaller(failed({ code }));
      expect(seen.error?.code).toBe(code);
      expect(JSON.stringify(seen), code).not.toMatch(/password|secret|TypeError|Cause/u);
    }
  });

  it("B91: reads what is wrong with the input that he sent", () => {
    const problems = [{ path: "$.days", expected: "number", received: "string", message: "" }];
    const { error } = forCaller(failed({ code: "ERR_INPUT_INVALID", name: "InputError", message: "It does not fit.", details: { problems } }));
    expect(error).toEqual({
      code: "ERR_INPUT_INVALID",
      name: "InputError",
      message: "It does not fit.",
      stack: "InputError: It does not fit.",
      frames: [],
      details: { problems },
    });
  });

  it("sees what did not fail as it is", () => {
    const execution = succeeded();
    expect(forCaller(execution)).toBe(execution);
  });
});
