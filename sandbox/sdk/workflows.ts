// `workflows` and `config` of the SDK: what author code asks of the supervisor.
import { describeReceived } from "../describe-value.ts";
import { errorOfExecution, type ExecutionFailure } from "../errors.ts";
import type { CallHost } from "../host-calls.ts";
import { freeze, hasOwn, parseJson, RealmRangeError, RealmTypeError } from "../intrinsics.ts";
import { quote, recordText } from "../json-text.ts";
import { NotPlainData, resultText } from "../result.ts";
import { executableOf } from "./executables.ts";

export interface Workflows {
  execute(reference: unknown, input?: unknown): Promise<unknown>;
}

export interface Config {
  get(key: unknown): Promise<unknown>;
}

const MAX_REFERENCE_CHARACTERS = 1024;
const MAX_KEY_CHARACTERS = 256;
/** More than any limit of an input lets pass; beyond it the border would take a call for a defect. */
const MAX_INPUT_CHARACTERS = 2 ** 26 - 4096;

export function createWorkflows(call: CallHost): Workflows {
  return freeze({
    execute: async (reference: unknown, input?: unknown) => {
      const text = await call(
        "execute",
        recordText([
          ["reference", quote(checkedReference(reference))],
          ["input", input === undefined ? undefined : inputText(input)],
        ]),
      );
      const answer = parseJson(text) as { readonly result: unknown; readonly error: ExecutionFailure };
      // Its own: an author may have put either on Object.prototype.
      if (hasOwn(answer, "result")) return answer.result;
      throw errorOfExecution(answer.error);
    },
  });
}

export function createConfig(call: CallHost): Config {
  return freeze({
    get: async (key: unknown) => {
      if (typeof key !== "string" || key === "" || key.length > MAX_KEY_CHARACTERS)
        throw new RealmTypeError(`config.get(key): key is ${describeReceived(key)}, and must be a string of 1 to ${MAX_KEY_CHARACTERS} characters`);
      const answer = parseJson(await call("config", recordText([["key", quote(key)]]))) as { readonly value: unknown; readonly error: ExecutionFailure };
      // Its own, as above.
      if (hasOwn(answer, "error")) throw errorOfExecution(answer.error);
      return hasOwn(answer, "value") ? answer.value : undefined;
    },
  });
}

function checkedReference(reference: unknown): string {
  if (typeof reference === "string" && reference !== "" && reference.length <= MAX_REFERENCE_CHARACTERS) return reference;
  const advice = executableOf(reference) === undefined ? "" : "; what is imported can be called directly, as in await imported(params)";
  throw new RealmTypeError(
    `workflows.execute(reference, input): reference is ${describeReceived(reference)}, and must be a workflow's name, path, path::export or id${advice}`,
  );
}

function inputText(input: unknown): string {
  let text: string;
  try {
    text = resultText(input);
  } catch (thrown) {
    if (!NotPlainData.is(thrown)) throw thrown;
    throw new RealmTypeError(`workflows.execute(reference, input): input holds ${thrown.found} at ${thrown.path}, which is not plain data`);
  }
  if (text.length <= MAX_INPUT_CHARACTERS) return text;
  throw new RealmRangeError(`workflows.execute(reference, input): input is ${text.length} characters of JSON, more than can be sent`);
}
