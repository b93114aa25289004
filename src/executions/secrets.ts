// Secrets as they are handed to one run: checked, copied and frozen, so that what is looked for in its output is what it
// could have had. Messages name the secret, never its value.
import { Fault } from "../errors.ts";
import { CONFIG_KEY_FORM, isConfigKey } from "../workspace/config-key.ts";
import type { Secrets } from "./scrub.ts";

/** Of one value: a key, a certificate or a file of credentials. */
const MAX_CHARACTERS = 64 * 1024;
const MAX_CHARACTERS_TOGETHER = 256 * 1024;

/** Undefined where there are none. Throws ERR_INPUT_INVALID. */
export function checkSecrets(given: Secrets | undefined): Secrets | undefined {
  const entries = Object.entries(given ?? {});
  let together = 0;
  for (const [name, value] of entries) {
    if (!isConfigKey(name)) throw invalid(JSON.stringify(name.slice(0, 200)), `${JSON.stringify(name.slice(0, 200))} cannot name a secret`, CONFIG_KEY_FORM);
    if (typeof value !== "string") throw invalid(name, `The secret ${name} is of type ${typeof value}`, "a string");
    together += value.length;
    if (value.length > MAX_CHARACTERS) throw invalid(name, `The secret ${name} is ${value.length} characters long`, `at most ${MAX_CHARACTERS} characters`);
  }
  if (together > MAX_CHARACTERS_TOGETHER)
    throw invalid("*", `The secrets are ${together} characters together`, `at most ${MAX_CHARACTERS_TOGETHER} characters`);
  return entries.length === 0 ? undefined : Object.freeze(Object.fromEntries(entries));
}

function invalid(name: string, found: string, expected: string): Fault {
  return new Fault("ERR_INPUT_INVALID", `${found}; wanted: ${expected}.`, { details: { path: `secrets.${name}`, expected } });
}
