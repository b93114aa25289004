// What isolated-vm hands the host when author code lets an error out: a copy with name, message and stack, or the bare
// value where a primitive was thrown.
import type { GuestError } from "../../sandbox/host.d.ts";

/** As far as the room tells of an error of its own; what is longer, it finds by that much. */
const LONGEST = 1_000_000;
const BOUNDARY = "\n    at (<isolated-vm boundary>)";

/** What isolated-vm says in place of an object or a symbol that it cannot copy. */
const UNCOPIED = "An object was thrown from supplied code within isolated-vm, but that object was not an instance of `Error`.";
const NOT_AN_ERROR =
  "Something that is not an Error was thrown at a module's top level, or is the reason of a rejection that nobody handles. Throw an Error, to see what happened and where.";

export function describeSurfaced(error: unknown): GuestError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), stack: "" };
  if (error.message === UNCOPIED) return { name: "Error", message: NOT_AN_ERROR, stack: "" };
  // Below the boundary stand frames of this process: they must not cross.
  const stack = error.stack ?? "";
  const boundary = stack.indexOf(BOUNDARY);
  const frames = boundary < 0 ? "" : framesRepaired(stack.slice(0, boundary), `${error.name}: ${error.message}`);
  return { name: error.name.slice(0, LONGEST), message: error.message.slice(0, LONGEST), stack: frames.slice(0, LONGEST) };
}

/** isolated-vm writes the header anew, and reads the frames below it, which are UTF-8, as Latin-1. */
function framesRepaired(stack: string, header: string): string {
  if (!stack.startsWith(header)) return stack;
  const frames = stack.slice(header.length);
  if (!/^[^\u0100-\uffff]*$/.test(frames)) return stack;
  return header + Buffer.from(frames, "latin1").toString("utf8");
}

/**
 * What isolated-vm says of an isolate that was thrown away under a call, or threw itself away for want of memory: no news of
 * the author's, if the isolate is gone indeed. An author may throw an error that reads the same.
 */
export function isDisposal(error: unknown): boolean {
  return error instanceof Error && /isolate (is|was) (already )?disposed/i.test(error.message);
}
