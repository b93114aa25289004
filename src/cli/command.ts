// What every command of ours stands in: the world it is given, how its failures are told, and how the process ends.
import type { Config } from "../config.ts";
import { readConfig, readVariable } from "../config.ts";
import { Fault } from "../errors.ts";
import { EXIT_SUCCESS, EXIT_UNAVAILABLE, exitCodeOfThrown } from "./exit-code.ts";
import { resultText } from "./render-result.ts";
import { openTerminal, type Terminal } from "./terminal.ts";
import { readVersion } from "./version.ts";

export interface World {
  readonly terminal: Terminal;
  /** Throws ERR_CONFIG_INVALID: asked for by commands that need it, so that help does without. */
  readonly config: () => Config;
  readonly stdin: () => AsyncIterable<Uint8Array>;
  /** Of the environment. */
  readonly variable: (name: string) => string | undefined;
}

/** Resolves to the exit code. Rejects with a Fault for what caller or operator must fix; with anything else for a defect. */
export type Command = (argv: readonly string[], world: World) => Promise<number>;

/** Runs the command on this process and ends it, when all that was written has been taken. */
export async function main(command: Command): Promise<never> {
  const argv = process.argv.slice(2);
  const config = readLazily();
  const terminal = openTerminal({ stdout: process.stdout, stderr: process.stderr, noColor: config.noColor });
  const fail = async (thrown: unknown): Promise<never> => {
    await showFailure(thrown, { terminal, form: formOf(argv) });
    return end(exitCodeOfThrown(thrown));
  };
  process.on("uncaughtException", (thrown) => void fail(thrown));
  // Child processes and timers of the engine keep nobody alive; a command that waits for one of them must not end before it.
  setInterval(() => undefined, 2 ** 30);
  try {
    return await end(await command(argv, { terminal, config: config.get, stdin: () => process.stdin, variable: readVariable }));
  } catch (thrown) {
    return fail(thrown);
  }

  async function end(code: number): Promise<never> {
    await terminal.flush();
    const error = terminal.unwritten();
    if (error === undefined) process.exit(code);
    // For people alone: there is no stdout to tell programs on, but the exit code is no success.
    terminal.err(`${terminal.paint(["red", "bold"], "error")}: The answer could not be written to stdout: ${error.message}\n`);
    await terminal.flush();
    process.exit(code === EXIT_SUCCESS ? EXIT_UNAVAILABLE : code);
  }
}

export type OutputForm = "text" | "json" | "jsonl";

/** From the raw arguments, so that it is known also where those are wrong. */
export function formOf(argv: readonly string[]): OutputForm {
  const end = argv.indexOf("--");
  const options = end < 0 ? argv : argv.slice(0, end);
  if (options.includes("--jsonl")) return "jsonl";
  return options.includes("--json") ? "json" : "text";
}

export interface Failure {
  readonly terminal: Terminal;
  readonly form: OutputForm;
  /** Nothing for people: it was meant to end. */
  readonly silent?: boolean;
}

/** Where no execution began: the error for people on stderr; with --json and --jsonl also as the one envelope, or the last event, on stdout. */
export async function showFailure(thrown: unknown, { terminal, form, silent = false }: Failure): Promise<void> {
  const [{ renderError }, { describeUnexpected, reportText }] = await Promise.all([import("./render-error.ts"), import("./unexpected.ts")]);
  const expected = thrown instanceof Fault;
  const error = expected ? thrown : describeUnexpected(thrown);
  const { code, name, message } = error;
  const details = "details" in error && error.details !== undefined && Object.keys(error.details).length > 0 ? { details: error.details } : {};
  const envelope = { version: 1, ...(form === "jsonl" && { type: "finished" }), error: { code, name, message, ...details } };
  if (form !== "text") terminal.out(resultText(envelope, { indent: form === "json" && terminal.outIsTerminal }));
  if (silent) return;
  terminal.err(renderError({ code, name, message, ...details, ...causeOf(thrown) }, { paint: terminal.paint }));
  if (!expected) terminal.err(reportText(thrown, readVersion()));
}

function causeOf(thrown: unknown) {
  const cause = thrown instanceof Fault ? thrown.cause : undefined;
  if (!(cause instanceof Error) || (thrown as Fault).message.includes(cause.message)) return {};
  return { cause: { name: cause.name, message: cause.message, stack: "", frames: [] } };
}

function readLazily(): { readonly get: () => Config; readonly noColor: boolean } {
  try {
    const config = readConfig();
    return { get: () => config, noColor: config.noColor };
  } catch (fault) {
    const get = (): Config => {
      throw fault;
    };
    return { get, noColor: true };
  }
}
