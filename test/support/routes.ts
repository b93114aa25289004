// The four routes to one engine over one pair of servers, and what their answers have in common: everything but what is
// different by nature in each run.
import type { Execution, ExecutionError } from "../../src/completion.ts";
import { Fault } from "../../src/errors.ts";
import type { Client } from "../../src/rpc/client.ts";
import type { Harness } from "../../src/testing/index.ts";
import type { CommandLine, Ended } from "./command-line.ts";
import type { RouteFixture } from "./route-fixtures.ts";

/** An execution, or the error where none began. */
export type Envelope = Execution | { readonly version: 1; readonly error: Pick<ExecutionError, "code" | "name" | "message" | "details"> };

export interface RouteParts {
  readonly harness: Harness;
  readonly shell: CommandLine;
  readonly client: Client;
  readonly workspace: string;
  /** In the environment of commands. */
  readonly servers: Readonly<Record<string, string>>;
  readonly service: Readonly<Record<string, string>>;
}

export function ofHarness(harness: Harness, { reference, inputJson, limits, dryRun }: RouteFixture): Promise<Envelope> {
  return refusedOr(harness.run(reference, JSON.parse(inputJson ?? "{}"), { ...limits, dryRun }));
}

export function overRpc({ executions }: Client, { reference, inputJson, limits, dryRun }: RouteFixture): Promise<Envelope> {
  return refusedOr(executions[dryRun === true ? "validate" : "run"](reference, undefined, { ...(inputJson && { inputJson }), ...(limits && { limits }) }));
}

/** The fixture by the command line, with more arguments. */
export function command(
  { reference, inputJson, limits = {}, dryRun }: RouteFixture,
  more: readonly string[],
  parts: RouteParts,
  over: "servers" | "service",
): Promise<Ended> {
  const { wallMs, cpuMs, memoryBytes } = limits;
  const args = [
    ...(inputJson === undefined ? [] : ["--input", inputJson]),
    ...(wallMs === undefined ? [] : ["--timeout", `${wallMs}ms`]),
    ...(cpuMs === undefined ? [] : ["--cpu", `${cpuMs}ms`]),
    ...(memoryBytes === undefined ? [] : ["--memory", String(memoryBytes)]),
    ...(dryRun === true ? ["--dry-run"] : []),
  ];
  return parts.shell.run("run-workflow", [reference, "--workspace", parts.workspace, ...args, ...more], { env: parts[over] });
}

/** What a command with --json has printed. */
export function envelopeOf({ stdout, stderr }: Ended): Envelope {
  if (stdout === "") throw new Error(`There is no envelope: ${stderr}`);
  return JSON.parse(stdout) as Envelope;
}

async function refusedOr(running: Promise<Execution>): Promise<Envelope> {
  try {
    return await running;
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    const { code, name, message, details } = thrown;
    return { version: 1, error: { code, name, message, ...(Object.keys(details).length > 0 && { details }) } };
  }
}

/** Without ids, times and measures: those are only looked at. Throws where one is not what it ought to be. */
export function lasting(envelope: Envelope): unknown {
  // As it travels.
  const told = JSON.parse(JSON.stringify(envelope)) as Envelope;
  if (!("status" in told)) return told;
  const { id, startedAt, finishedAt, usage, timings, logs, error, ...rest } = told;
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id)) throw new Error(`${id} is no UUIDv7`);
  if (!(Date.parse(startedAt) <= Date.parse(finishedAt))) throw new Error(`It began at ${startedAt} and ended at ${finishedAt}`);
  if (!(usage.wallMs >= 0 && usage.cpuMs >= 0 && usage.peakMemoryBytes >= 0)) throw new Error(`It used ${JSON.stringify(usage)}`);
  for (const [phase, ms] of Object.entries(timings ?? {})) if (!(ms >= 0)) throw new Error(`${phase} took ${ms} ms`);
  return {
    ...rest,
    ...(error === undefined ? {} : { error: withoutMeasures(error) }),
    logs: logs.map(({ sequence, level, message, timestamp, data }) => [
      sequence,
      level,
      message,
      data,
      Number.isNaN(Date.parse(timestamp)) ? timestamp : "a time",
    ]),
  };
}

/** How much of a limit was used, and which execution inside it was, differ from run to run. */
function withoutMeasures({ details, cause, ...error }: ExecutionError): ExecutionError {
  const { amount, executionId, ...facts } = details ?? {};
  const measured = { ...(amount !== undefined && { amount: "measured" }), ...(executionId !== undefined && { executionId: "an id" }) };
  return { ...error, ...(cause && { cause: withoutMeasures(cause) }), ...(details && { details: { ...facts, ...measured } }) };
}

/** What a command has said and how it left, without ids and times. */
export function toldToPeople({ stderr, code, signal }: Ended): unknown {
  const text = stderr
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]+/g, "ID")
    .replaceAll(/\bin [\d.]+ ?m?s\b/g, "in TIME")
    .replaceAll(/(?<=used: )[\d.]+ ?(?:m?s|[km]b)\b/g, "MEASURED");
  return { text, code, signal };
}

/** The events of --jsonl, in order, without ids, times and measures. */
export function lastingEvents(stdout: string): unknown {
  return stdout
    .trim()
    .split("\n")
    .map((line) => {
      const event = JSON.parse(line) as { type: string; timestamp?: string; executionId?: string; parentId?: string; execution?: Execution };
      const { timestamp: _time, executionId: _id, parentId: _parent, execution, ...rest } = event;
      return [rest, execution && lasting(execution)];
    });
}
