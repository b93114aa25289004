// What an author must mend before a file can be compiled at all.
import { Fault } from "../errors.ts";

export function tooLargeFault(path: string, { bytes, maxBytes }: { readonly bytes: number; readonly maxBytes: number }): Fault {
  return new Fault("ERR_SOURCE_TOO_LARGE", `The module ${JSON.stringify(path)} has ${bytes} bytes of source; ${maxBytes} are allowed. Split it, or load the data in it at run time.`, {
    details: { path, bytes, maxBytes },
  });
}

export function notTextFault(path: string): Fault {
  return new Fault("ERR_MODULE_SYNTAX", `The module ${JSON.stringify(path)} is not UTF-8 text. Save it with the encoding UTF-8.`, {
    name: "SyntaxError",
    details: { path, reason: "encoding" },
  });
}
