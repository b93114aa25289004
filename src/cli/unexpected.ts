// What is said when something was thrown that nobody foresaw: that the fault is ours, and how to tell us.
import type { ShownError } from "./render-error.ts";

/** A defect as an error of the envelope, without the paths of this machine. */
export function describeUnexpected(thrown: unknown): ShownError & { readonly code: "ERR_INTERNAL" } {
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return { code: "ERR_INTERNAL", name: "InternalError", message: `bifrost-executor has a defect: ${message}` };
}

/** For the terminal: with the stack, which a report needs. */
export function reportText(thrown: unknown, version: string): string {
  const stack = thrown instanceof Error ? (thrown.stack ?? String(thrown)) : String(thrown);
  const facts = `bifrost-executor ${version}, Node ${process.versions.node}, ${process.platform}-${process.arch}`;
  return `${stack}\n\nThis is a defect of bifrost-executor, not of your workflow. Please report it with the text above, the command you gave, and: ${facts}\n`;
}
