// Answers `config.get` of one execution: what was given to it comes first, then what its workspace has, read when it is asked
// for and one value at a time. What a secret is, the log and the result know before author code does.
import { FAULTS, Fault } from "../errors.ts";
import type { CapabilityAnswer } from "../isolate/capabilities.ts";
import type { Reader } from "../workspace/config-grants.ts";
import type { ConfigAnswer, ConfigSource } from "../workspace/config-values.ts";
import type { NestedError } from "./nested.ts";
import type { Order } from "./order.ts";
import { shellWord } from "./shell-word.ts";

export interface ConfigScene {
  readonly order: Pick<Order, "workspace" | "handed">;
  readonly entry: Reader;
  readonly config?: ConfigSource | undefined;
  readonly log?: ((message: string) => void) | undefined;
}

export interface ConfigCalls {
  /** Rejects only with a defect of ours. */
  get(key: string): Promise<CapabilityAnswer>;
  /** What still waits for its turn is not read any more. */
  stop(): void;
}

const ABSENT: CapabilityAnswer = { ok: true, text: "{}" };

export function createConfigCalls({ order: { workspace, handed }, entry, config, log }: ConfigScene): ConfigCalls {
  let last: Promise<unknown> = Promise.resolve();
  let stopped = false;

  function get(key: string): Promise<CapabilityAnswer> {
    const given = handed.given(key);
    if (given !== undefined) return Promise.resolve(answerOf(given));
    if (config === undefined) return Promise.resolve(ABSENT);
    // One after the other: ten thousand that one execution asks for at once must not keep the database from everybody else.
    const turn = last.then(async () => (stopped ? ABSENT : await read(config, key)));
    last = turn.catch(() => {});
    return turn;
  }

  async function read(source: ConfigSource, key: string): Promise<CapabilityAnswer> {
    let answer: ConfigAnswer;
    try {
      answer = await source.get({ workspace: workspace.id, key, reader: entry });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log?.(`A value of the configuration could not be read: ${error.message}`);
      return unreadable(key, error);
    }
    if (answer.kind === "absent") return ABSENT;
    if (answer.kind === "denied") return failed({ name: "ConfigDeniedError", message: denial(key) });
    if (answer.kind === "value") return answerOf(answer.value);
    return handed.add(key, answer) ? answerOf(answer.value) : failed({ name: "RangeError", message: tooMany(key) });
  }

  function denial(key: string): string {
    const workflow = `${entry.path}::${entry.exportName}`;
    const command = ["bifrost-executor", "config", "grant", key, workflow, "--workspace", workspace.name].map(shellWord).join(" ");
    return `The secret ${key} is not granted to ${workflow}. Whoever runs the workspace can grant it: ${command}`;
  }

  return { get, stop: () => void (stopped = true) };
}

function answerOf(value: unknown): CapabilityAnswer {
  return { ok: true, text: JSON.stringify({ value }) };
}

/** An answer too: the room makes the error where the author waits for it, so that its stack tells where that is. */
function failed(error: NestedError): CapabilityAnswer {
  return { ok: true, text: JSON.stringify({ error }) };
}

/** Of servers the author is told no more than that; what is wrong with the configuration says nothing of them. */
function unreadable(key: string, { code, message }: Fault): CapabilityAnswer {
  const told = code === "ERR_CONFIG_INVALID" ? message : `The value of ${key} could not be read: ${FAULTS[code].meaning}`;
  return failed({ name: "Error", message: told, code, faultCode: code });
}

function tooMany(key: string): string {
  return `The secret ${key} was not handed out: with it, the secrets in the hands of this execution would be more than what can be kept out of its output`;
}
