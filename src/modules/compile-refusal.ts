// Why a source is not compiled although its language allows it: it would cost more than one module may.
import { Fault } from "../errors.ts";

/**
 * depth: nested deeper than `limit`. stack: the compiler cannot follow it; `amount` counts chains of operators, calls and
 * `else if` too. size: its JavaScript, with the source map, has more characters than `limit`. imports:
 * statements and calls of import, of each of which the host keeps something. time: processor time in milliseconds. memory: bytes.
 */
export interface CompileRefusal {
  readonly reason: "depth" | "stack" | "size" | "imports" | "time" | "memory";
  readonly limit?: number | undefined;
  readonly amount?: number | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** ERR_NESTING_LIMIT, without the path. */
export function refusalFault(refusal: CompileRefusal): Fault {
  const details = Object.fromEntries(Object.entries(refusal).filter(([, value]) => value !== undefined));
  return new Fault("ERR_NESTING_LIMIT", messageOf(refusal), { name: "SyntaxError", details });
}

function messageOf({ reason, limit, amount }: CompileRefusal): string {
  const split = "Split the module, or move large data into a JSON module.";
  switch (reason) {
    case "depth":
      return `The source is nested ${amount} deep; at most ${limit} is allowed. Move inner parts into functions, constants or modules of their own.`;
    case "stack":
      return `The source is more complex than may be compiled: ${amount === undefined ? "" : `nested ${amount} deep with chains of operators, calls and 'else if' counted, `}it overflows the compiler's stack. Build it in steps: put the parts into an array, a table or constants of their own.`;
    case "size":
      return `The source is more complex than may be compiled: it becomes ${amount ?? "far too many"} characters of JavaScript; at most ${limit} are allowed. ${split}`;
    case "imports":
      return `The source is more complex than may be compiled: it imports and re-exports ${amount} times; at most ${limit} are allowed in one module. Import from fewer modules, or split it.`;
    case "time":
      return `The source is more complex than may be compiled: the compiler needed more than ${(limit ?? 0) / 1000} s. Look for missing brackets and for very long expressions. ${split}`;
    case "memory":
      return `The source is more complex than may be compiled: the compiler needed more than ${limit} bytes of memory. ${split}`;
  }
}
