// Answers what a room asks of the supervisor: the values it was granted, and other workflows' runs. Whatever comes is
// checked first, and every answer is data: a call that does not fit, or fails, is told so and nothing else happens.
import type { CapabilityAnswer } from "../isolate/capabilities.ts";
import { FAULTS } from "../errors.ts";
import type { ConfigSource } from "../workspace/config-values.ts";
import { createConfigCalls } from "./config-calls.ts";
import { createNestedRuns, type NestedRuns, type NestedScene } from "./nested.ts";
import { isNestedDeeper } from "./nesting.ts";

/** Disposing of it ends what was executed from inside. */
export interface HostCalls extends AsyncDisposable, Pick<NestedRuns, "explain"> {
  /** Never rejects. `argument` is JSON text. */
  answer(name: string, argument: string): Promise<CapabilityAnswer>;
}

/** As deep as a result may be, inside of the argument. */
const MAX_DEPTH = 1001;
const MAX_KEY_ARGUMENT_CHARACTERS = 2048;
const NO_CONFIG = "In a dry run nothing of the configuration is read: call config.get from inside the workflow's function";

export interface HostCallScene extends NestedScene {
  /** What the workspace has for `config.get`. */
  readonly config?: ConfigSource | undefined;
  readonly log?: ((message: string) => void) | undefined;
}

export function createHostCalls(scene: HostCallScene): HostCalls {
  const { order, log } = scene;
  const nested = createNestedRuns(scene);
  const values = createConfigCalls(scene);
  /** Arguments that wait for their turn are memory of ours. */
  const maxWaiting = 2 * order.limits.inputBytes;
  let waiting = 0;

  async function answer(name: string, argument: string): Promise<CapabilityAnswer> {
    const told = order.onHostCall?.(name === "config" || name === "execute" ? name : "unknown");
    const answered = await answerTo(name, argument);
    told?.(answered);
    return answered;
  }

  async function answerTo(name: string, argument: string): Promise<CapabilityAnswer> {
    try {
      if (name !== "config" && name !== "execute") return refused("TypeError", `There is no host function named ${JSON.stringify(name.slice(0, 100))}`);
      if (order.mode === "describe")
        return refused("Error", "While a workflow's parameters are read there is no execution: call this from inside its function");
      if (order.mode === "validate") return refused("Error", name === "config" ? NO_CONFIG : "In a dry run no other workflow is executed");
      return await (name === "config" ? config(argument) : execute(argument));
    } catch (error) {
      log?.(`A host call failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      return refused("Error", FAULTS.ERR_INTERNAL.meaning);
    }
  }

  async function config(argument: string): Promise<CapabilityAnswer> {
    const { configArgument } = await import("./host-call-arguments.ts");
    const asked = argument.length > MAX_KEY_ARGUMENT_CHARACTERS ? undefined : configArgument.safeParse(parsed(argument)).data;
    if (asked === undefined) return misshapen("config");
    return await values.get(asked.key);
  }

  async function execute(argument: string): Promise<CapabilityAnswer> {
    if (waiting + argument.length > maxWaiting) {
      const message = `The inputs of workflows that wait to be executed are more than ${maxWaiting} characters together. Await some before executing more.`;
      return { ok: true, text: JSON.stringify({ error: { name: "Error", message, code: "ERR_HOST_CALL_LIMIT" } }) };
    }
    waiting += argument.length;
    try {
      const { executeArgument } = await import("./host-call-arguments.ts");
      // Read when its turn comes, so that many large ones do not take this thread for themselves.
      const answer = await nested.inTurn(async (): Promise<CapabilityAnswer> => {
        const asked = executeArgument.safeParse(parsed(argument)).data;
        return asked === undefined ? misshapen("execute") : { ok: true, text: JSON.stringify(await nested.execute(asked)) };
      });
      return answer ?? refused("CancelledError", "The execution is ending");
    } finally {
      waiting -= argument.length;
    }
  }

  return { answer, explain: (completion) => nested.explain(completion), [Symbol.asyncDispose]: dispose };

  async function dispose(): Promise<void> {
    values.stop();
    await nested[Symbol.asyncDispose]();
  }
}

/** Undefined where it is no JSON, or nested deeper than it can be written out again. */
function parsed(text: string): unknown {
  if (isNestedDeeper(text, MAX_DEPTH)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refused(name: string, message: string): CapabilityAnswer {
  return { ok: false, text: JSON.stringify({ name, message }) };
}

function misshapen(name: string): CapabilityAnswer {
  return refused("TypeError", `The host function ${name} was called with an argument of the wrong shape`);
}
