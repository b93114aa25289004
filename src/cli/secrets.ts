// The secrets of a run, from where --secret says they are; never from the command line itself (text-source.ts).
import type { Fault } from "../errors.ts";
import { usageFault } from "./arguments.ts";
import { readSource, type TextSources } from "./text-source.ts";

export type SecretSources = Pick<TextSources, "variable">;

const EXPECTED = "KEY=@FILE or KEY=env:NAME";

/** Each text is `KEY=@FILE` or `KEY=env:NAME`. Throws ERR_INPUT_INVALID, which shows no value. */
export async function readSecrets(texts: readonly string[], { variable }: SecretSources): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries(await Promise.all(texts.map((text) => readSecret(text, { variable }))));
}

async function readSecret(text: string, sources: SecretSources): Promise<readonly [key: string, value: string]> {
  const equals = text.indexOf("=");
  const [key, source] = equals < 1 ? ["", ""] : [text.slice(0, equals), text.slice(equals + 1)];
  const value = await readSource(source, sources, (why) => invalid(key, `The secret ${key} is to be read from ${why}.`));
  if (value !== undefined) return [key, value];
  const advice = key === "" ? "" : " A value on the command line could be read by every user of this machine.";
  throw invalid(key, `--secret takes ${EXPECTED}, and not a value.${advice}`);
}

function invalid(key: string, message: string): Fault {
  return usageFault(message, { path: "--secret", expected: EXPECTED, received: `${key}=…` });
}
