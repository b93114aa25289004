// The secrets of a run, from where --secret says they are. Never from the command line itself: every user of the machine
// can read that of every process, and shells keep it in their history.
import { readFile } from "node:fs/promises";
import type { Fault } from "../errors.ts";
import { usageFault } from "./arguments.ts";

export interface SecretSources {
  /** Of the environment; undefined where it is not set. */
  readonly variable: (name: string) => string | undefined;
}

const EXPECTED = "KEY=@FILE or KEY=env:NAME";

/** Each text is `KEY=@FILE` or `KEY=env:NAME`. Throws ERR_INPUT_INVALID, which shows no value. */
export async function readSecrets(texts: readonly string[], sources: SecretSources): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries(await Promise.all(texts.map((text) => readSecret(text, sources))));
}

async function readSecret(text: string, { variable }: SecretSources): Promise<readonly [key: string, value: string]> {
  const equals = text.indexOf("=");
  const [key, source] = equals < 1 ? ["", ""] : [text.slice(0, equals), text.slice(equals + 1)];
  if (source.startsWith("@")) return [key, await readSecretFile(key, source.slice(1))];
  if (!source.startsWith("env:")) {
    const advice = key === "" ? "" : " A value on the command line could be read by every user of this machine.";
    throw invalid(key, `--secret takes ${EXPECTED}, and not a value.${advice}`);
  }
  const name = source.slice("env:".length);
  const value = variable(name);
  if (value !== undefined && value !== "") return [key, value];
  throw invalid(key, `The secret ${key} is to be read from the environment variable ${JSON.stringify(name)}, which is ${value === "" ? "empty" : "not set"}.`);
}

/** Without the line break that editors and `echo` put at the end. */
async function readSecretFile(key: string, path: string): Promise<string> {
  const refuse = (why: string): Fault => invalid(key, `The secret ${key} is to be read from the file ${JSON.stringify(path)}, which ${why}.`);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw refuse(`cannot be read: ${code ?? message}`);
  }
  const value = textOf(bytes)?.replace(/\r?\n$/, "");
  if (value === undefined) throw refuse("is not UTF-8 text");
  if (value === "") throw refuse("is empty");
  return value;
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function invalid(key: string, message: string): Fault {
  return usageFault(message, { path: "--secret", expected: EXPECTED, received: `${key}=…` });
}
