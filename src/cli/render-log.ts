// A log line of the author's as it is shown to a person.
import type { LogLevel, LogLine } from "../completion.ts";
import { visible, visibleBlock, type Paint } from "./terminal.ts";

const STYLES = { debug: "gray", info: "cyan", warn: "yellow", error: "red" } as const satisfies Record<LogLevel, string>;

/** The same, with the workflow before it that was executed from inside. */
export function nestedLogText(line: LogLine, reference: string, paint: Paint): string {
  return `${paint("dim", `${visible(reference)}:`)} ${logText(line, paint)}`;
}

/** `info looking {"days":30}`; further lines of a message are indented. */
export function logText({ level, message, data }: LogLine, paint: Paint): string {
  const text = visibleBlock(message);
  const more = data === undefined ? "" : ` ${paint("dim", visible(JSON.stringify(data)))}`;
  return `${paint(STYLES[level], level)} ${text}${more}\n`;
}
