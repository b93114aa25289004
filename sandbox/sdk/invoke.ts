// Calls and describes executables for the host. Every outcome is one text whose first letter says which (host.d.ts).
import { guestErrorText } from "../errors.ts";
import type { ContextFacts, InputProblem } from "../host.d.ts";
import { createList, getOwnPropertyNames, own, parseJson, push, RealmError, RealmPromise, RealmTypeError, toText } from "../intrinsics.ts";
import { listText, quote, recordText } from "../json-text.ts";
import { NotPlainData, resultText } from "../result.ts";
import { kindOf } from "../describe-value.ts";
import { type Context, type ContextPowers, createContext } from "./context.ts";
import { type Executable, executableOf } from "./executables.ts";
import { checkInput, problemsText } from "./input.ts";
import { parametersOf, type ToJsonSchema } from "./parameters.ts";
import { type OptionsProblem, optionsProblem } from "./options.ts";
import type { Retry } from "./retry.ts";

export interface Call {
  readonly input: string;
  readonly context: string;
  /** Everything but the call of the function. */
  readonly validateOnly?: boolean;
}

export interface Calls {
  invoke(namespace: object, exportName: string, call: Call): Promise<string>;
  describe(namespace: object, exportName: string, toJsonSchema: ToJsonSchema | undefined): string;
  /** One author module calling another's executable: same checks, same ctx; problems are thrown. */
  callDirectly(executable: Executable, params: unknown): Promise<unknown>;
}

/** What is awaited where the run is over. */
const never = own(new RealmPromise<never>(() => {}));

export interface CallPowers extends ContextPowers {
  readonly limitWall: (milliseconds: number) => void;
  /** Where it is, the host has been told, and ends the run. */
  readonly isResultTooLong: (text: string) => boolean;
}

export function createCalls(powers: CallPowers): Calls {
  let current: Context | undefined;

  async function invoke(namespace: object, exportName: string, call: Call): Promise<string> {
    try {
      const executable = executableOf((namespace as Record<string, unknown>)[exportName]);
      if (executable === undefined) return notExecutable(namespace, exportName);
      current = createContext(parseJson(call.context) as ContextFacts, powers);
      const checked = await own(checkInput(executable.params, parseJson(call.input)));
      if (!checked.ok) return `I${problemsText(checked.problems)}`;
      if (call.validateOnly === true) return "Rnull";
      if (executable.timeoutMs !== undefined) powers.limitWall(executable.timeoutMs);
      const { body } = executable;
      const result = await body(checked.value, current);
      const text = resultText(result);
      if (powers.isResultTooLong(text)) return await never;
      const problem = executable.kind === "data_provider" ? optionsProblem(parseJson(text)) : undefined;
      if (problem !== undefined) return `O${optionsProblemText(problem)}`;
      return (saysFailed(result) ? "F" : "R") + text;
    } catch (error) {
      return failure(error);
    }
  }

  function describe(namespace: object, exportName: string, toJsonSchema: ToJsonSchema | undefined): string {
    try {
      const executable = executableOf((namespace as Record<string, unknown>)[exportName]);
      if (executable === undefined) return notExecutable(namespace, exportName);
      const { parameters, reason } = parametersOf(executable.params, toJsonSchema);
      return `D${recordText([
        ["kind", quote(executable.kind)],
        ["name", executable.name === undefined ? "null" : quote(executable.name)],
        ["description", executable.description === undefined ? "null" : quote(executable.description)],
        ["timeoutMs", executable.timeoutMs === undefined ? "null" : toText(executable.timeoutMs)],
        ["retry", executable.retry === undefined ? "null" : retryText(executable.retry)],
        ["cacheMs", executable.cacheMs === undefined ? "null" : toText(executable.cacheMs)],
        ["parameters", parameters ?? "null"],
        ["reason", reason === undefined ? "null" : quote(reason)],
      ])}`;
    } catch (error) {
      return failure(error);
    }
  }

  async function callDirectly(executable: Executable, params: unknown): Promise<unknown> {
    const name = executable.name ?? "this function";
    if (current === undefined)
      throw new RealmError(`${name} was called while modules were being evaluated: call it from inside a workflow's function, where there is an execution`);
    const checked = await own(checkInput(executable.params, params === undefined ? {} : params));
    if (!checked.ok) throw new RealmTypeError(`Parameters for ${name} do not fit its schema: ${problemsSummary(checked.problems)}`);
    const { body } = executable;
    return body(checked.value, current);
  }

  return { invoke, describe, callDirectly };
}

function retryText({ attempts, backoffMs, idempotent }: Retry): string {
  return recordText([
    ["attempts", toText(attempts)],
    ["backoffMs", toText(backoffMs)],
    ["idempotent", idempotent ? "true" : "false"],
  ]);
}

function optionsProblemText({ path, expected, received }: OptionsProblem): string {
  return recordText([
    ["path", quote(path)],
    ["expected", quote(expected)],
    ["received", quote(received)],
  ]);
}

function saysFailed(result: unknown): boolean {
  return typeof result === "object" && result !== null && (result as { success?: unknown }).success === false;
}

function failure(error: unknown): string {
  if (!NotPlainData.is(error)) return `E${guestErrorText(error)}`;
  return `S${recordText([
    ["path", quote(error.path)],
    ["found", quote(error.found)],
    ["message", quote(error.message)],
  ])}`;
}

function notExecutable(namespace: object, exportName: string): string {
  const names = getOwnPropertyNames(namespace);
  const quoted = createList<string>();
  for (let index = 0; index < names.length; index++) push(quoted, quote(names[index] as string));
  return `X${recordText([
    ["exports", listText(quoted)],
    ["found", quote(kindOf((namespace as Record<string, unknown>)[exportName]))],
  ])}`;
}

function problemsSummary(problems: readonly InputProblem[]): string {
  let text = "";
  for (let index = 0; index < problems.length; index++) {
    const problem = problems[index] as InputProblem;
    text += `${index === 0 ? "" : "; "}${problem.path}: expected ${problem.expected}, received ${problem.received}`;
  }
  return text;
}
