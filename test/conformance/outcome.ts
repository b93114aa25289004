// From an envelope to what routes must agree on, and from an expectation to what a route must give.
import { expect } from "vitest";
import type { Execution, ExecutionError } from "../../src/completion.ts";
import type { Fixture, Outcome } from "./fixture.ts";

export function outcomeOf({ status, result, error, logs }: Execution): Outcome {
  return {
    status,
    result,
    error: error === undefined ? undefined : bare(error),
    logs: logs.map(({ level, message }) => (level === "info" ? message : `${level}: ${message}`)),
  };
}

function bare({ name, message, cause }: ExecutionError): NonNullable<Outcome["error"]> {
  return { name, message, ...(cause === undefined ? {} : { cause: bare(cause) }) };
}

/** Everything of an envelope but what is different by nature in each run: ids, times, measures. */
export function lasting({ workflow, status, result, error, logs, modules, snapshotId, version }: Execution): Readonly<Record<string, unknown>> {
  return {
    version,
    workflow,
    status,
    result,
    error,
    logs: logs.map(({ sequence, level, message, data }) => ({ sequence, level, message, data })),
    modules,
    snapshotId,
  };
}

export function expectOutcome(outcome: Outcome, { expect: wanted }: Fixture): void {
  if (wanted.error === undefined) expect(outcome.error).toBeUndefined();
  expect(outcome.logs).toEqual(wanted.logs ?? []);
  if (wanted.error === undefined) return expect(outcome.result).toEqual(wanted.result);
  const { name, message, code, cause } = wanted.error;
  expect(outcome).toMatchObject({ status: "Failed", error: { name, ...(cause === undefined ? {} : { cause }) } });
  if (code === undefined) expect(outcome.error?.message.split("\n  [0]")[0]).toBe(message);
  else expect(outcome.error?.message.slice(0, message.length)).toBe(message);
}

export function expectEnvelope(execution: Execution, fixture: Fixture): void {
  expectOutcome(outcomeOf(execution), fixture);
  const { error } = fixture.expect;
  expect(execution.error?.code).toBe(error?.code);
  if (error?.at === undefined) return;
  const [first] = execution.error?.frames ?? [];
  expect(`${first?.path}:${first?.line}`).toBe(error.at);
}
