// What may be stored in the configuration of a workspace. Messages name the key, and never a secret's value.
import { Fault } from "../errors.ts";
import { CONFIG_KEY_FORM, isConfigKey } from "./config-key.ts";
import { parseGrant } from "./config-grants.ts";

/** Shorter values cannot be told from ordinary text in what a run gives out, and so not be kept out of it. */
export const LEAST_SECRET_CHARACTERS = 4;
const MAX_SECRET_CHARACTERS = 64 * 1024;
const MAX_VALUE_CHARACTERS = 64 * 1024;
const MAX_GRANTS = 200;

/** Throws ERR_INPUT_INVALID, as all of these do. */
export function checkKey(key: string): void {
  if (isConfigKey(key)) return;
  const shown = JSON.stringify(key.slice(0, 200));
  throw unfit(`${shown} cannot be a key of the configuration; ${CONFIG_KEY_FORM} are wanted.`, { path: "key", expected: CONFIG_KEY_FORM, received: shown });
}

/** JSON text. */
export function checkedValue(key: string, value: unknown): string {
  const expected = `JSON data of at most ${MAX_VALUE_CHARACTERS} characters, and not null`;
  if (value === null) throw unfit(`The value of ${key} is null, which stands for no value. Remove the key instead.`, { path: key, expected, received: "null" });
  let text: string | undefined;
  try {
    text = JSON.stringify(value) as string | undefined;
  } catch {
    text = undefined;
  }
  if (text === undefined) throw unfit(`The value of ${key} cannot be written as JSON.`, { path: key, expected, received: typeof value });
  if (text.length <= MAX_VALUE_CHARACTERS) return text;
  throw unfit(`The value of ${key} is ${text.length} characters of JSON; at most ${MAX_VALUE_CHARACTERS} are kept. Keep it in a file of the workspace.`, {
    path: key,
    expected,
    received: `${text.length} characters`,
  });
}

export function checkSecretValue(key: string, value: string): void {
  const expected = `text of ${LEAST_SECRET_CHARACTERS} to ${MAX_SECRET_CHARACTERS} characters`;
  const problem =
    typeof value !== "string"
      ? `is a ${typeof value}`
      : value.trim().length < LEAST_SECRET_CHARACTERS
        ? `is shorter than ${LEAST_SECRET_CHARACTERS} characters, and could not be told from ordinary text in what a run gives out`
        : value.length > MAX_SECRET_CHARACTERS
          ? `is ${value.length} characters long`
          : value.isWellFormed()
            ? undefined
            : "holds half of a surrogate pair";
  if (problem !== undefined) throw unfit(`The secret ${key} ${problem}; ${expected} is wanted.`, { path: key, expected });
}

/** As they are stored: sorted, each once. */
export function checkedGrants(references: readonly string[]): readonly string[] {
  const grants = [...new Set(references.map(parseGrant))].toSorted();
  if (grants.length <= MAX_GRANTS) return grants;
  throw unfit(`A secret was to be granted to ${grants.length} references; at most ${MAX_GRANTS} are kept. Grant it to their directory.`, {
    path: "grantedTo",
    expected: `at most ${MAX_GRANTS}`,
    received: String(grants.length),
  });
}

function unfit(message: string, details: Readonly<Record<string, unknown>>): Fault {
  return new Fault("ERR_INPUT_INVALID", message, { details });
}
