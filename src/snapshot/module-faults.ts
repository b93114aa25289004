// What keeps a file's bytes from being compiled at all. Told without the path where the loader adds it.
import { Fault } from "../errors.ts";

export function tooLargeFault({ limit, amount }: { readonly limit: number; readonly amount: number }): Fault {
  const message = `The source has ${amount} bytes; at most ${limit} are allowed. Split it, or pass the data in it as input.`;
  return new Fault("ERR_SOURCE_TOO_LARGE", message, { details: { limit, amount } });
}

/** `what` begins the sentence: "The module", or which file it is. */
export function encodingFault(what: string): Fault {
  return new Fault("ERR_MODULE_SYNTAX", `${what} is not UTF-8 text. Save it with the encoding UTF-8.`, {
    name: "SyntaxError",
    details: { reason: "encoding" },
  });
}
