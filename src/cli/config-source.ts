// What `config set` is to store, from its arguments: a plain value, or a secret with those who may read it.
import { usageFault, type Arguments } from "./arguments.ts";
import type { World } from "./command.ts";
import { readSource } from "./text-source.ts";

export type ConfigInput =
  | { readonly kind: "value"; readonly value: unknown }
  /** `grantedTo`: undefined where nobody said. */
  | { readonly kind: "secret"; readonly value: string; readonly grantedTo: readonly string[] | undefined };

const STDIN = "-";

/** Rejects with ERR_INPUT_INVALID (name UsageError), which shows no secret. */
export async function readConfigSource(parsed: Arguments, { variable, stdin }: Pick<World, "variable" | "stdin">): Promise<ConfigInput> {
  const [key = "", source = STDIN] = parsed.operands;
  const isSecret = parsed.has("secret");
  if (!isSecret && parsed.has("to")) {
    throw usageFault("--to says who may read a secret, and a plain value may be read by every workflow. Add --secret, or leave --to out.", {
      path: "--to",
      expected: "--secret",
      received: "no --secret",
    });
  }
  const text = await readSource(source, { variable, stdin }, (why) =>
    usageFault(`The ${isSecret ? "secret" : "value"} ${key} is to be read from ${why}.`, { path: "VALUE", expected: "text", received: source }),
  );
  if (!isSecret) return { kind: "value", value: parsedOr(text ?? source) };
  if (text !== undefined) return { kind: "secret", value: text, grantedTo: parsed.has("to") ? parsed.texts("to") : undefined };
  throw usageFault(
    `The secret ${key} is not taken from the command line, which every user of this machine can read, and which the shell may have kept by now. Give @FILE, env:NAME, or - for standard input.`,
    { path: "VALUE", expected: "@FILE, env:NAME or -", received: "…" },
  );
}

/** JSON where it parses, else text. */
function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
