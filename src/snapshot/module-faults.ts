// What keeps a file's bytes from being compiled at all. Told without the path where the loader adds it.
import { Fault } from "../errors.ts";

export function tooLargeFault({ bytes, maxBytes }: { readonly bytes: number; readonly maxBytes: number }): Fault {
  return new Fault("ERR_SOURCE_TOO_LARGE", `The module has ${bytes} bytes of source; ${maxBytes} are allowed. Split it, or pass the data in it as input.`, {
    details: { bytes, maxBytes },
  });
}

/** `what` begins the sentence: "The module", or which file it is. */
export function encodingFault(what: string): Fault {
  return new Fault("ERR_MODULE_SYNTAX", `${what} is not UTF-8 text. Save it with the encoding UTF-8.`, {
    name: "SyntaxError",
    details: { reason: "encoding" },
  });
}
