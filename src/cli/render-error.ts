// A failure as a person reads it: what, where, why, what to do. Knows nothing of where sources or colours come from.
import type { Execution, ExecutionError, StackFrame } from "../completion.ts";
import { LIMIT_NAMES, LIMITS } from "../limits.ts";
import { formatDuration } from "../duration.ts";
import { formatSize } from "../size.ts";
import { visible, visibleBlock, type Paint } from "./terminal.ts";

export interface ErrorView {
  readonly paint: Paint;
  /** Lines of source around the first frame, from modules/code-frame.ts; "" where there are none. */
  readonly codeFrame?: string;
  /** Absent where no execution began. */
  readonly execution?: Pick<Execution, "id" | "snapshotId"> | undefined;
}

/** What is shown of an error; a Fault is one too. */
export type ShownError = Pick<ExecutionError, "code" | "name" | "message"> & Partial<Pick<ExecutionError, "frames" | "cause" | "details">>;

type Details = Readonly<Record<string, unknown>>;

/** Ends with a line break. */
export function renderError(error: ShownError, { paint, codeFrame = "", execution }: ErrorView): string {
  const details = error.details ?? {};
  const lines = [
    headline(error, paint),
    ...(codeFrame === "" ? [] : ["", codeFrame, ""]),
    ...frameLines(error.frames ?? [], paint, "  "),
    ...factLines(error, details).map(([name, text]) => `  ${paint("bold", `${name}:`)} ${visible(text)}`),
    ...causeLines(error.cause, paint),
    ...adviceLines(details, paint),
  ];
  if (execution !== undefined) lines.push(paint("dim", `execution ${execution.id}  snapshot ${execution.snapshotId}`));
  return `${lines.join("\n")}\n`;
}

/** `error[CODE] name: message`; the name of a Fault says nothing and is left out. */
function headline(error: ShownError, paint: Paint): string {
  const label = paint(["red", "bold"], error.code === undefined ? "error" : `error[${error.code}]`);
  const name = error.name === "Fault" || error.name === "" || (error.code !== undefined && error.name === "Error") ? "" : ` ${visibleBlock(error.name)}`;
  return `${label}${name}: ${paint("bold", visibleBlock(briefMessage(error)))}`;
}

/** The message without what is shown on lines of its own. */
function briefMessage({ message, details = {} }: ShownError): string {
  if (problemsOf(details).length > 0) return message.split("\n")[0]?.replace(/:$/, ".") ?? message;
  const { instead, nearest } = details;
  const told = [
    ...(listOf(details["candidates"]).length > 0 ? [`Tried ${listOf(details["candidates"]).join(", ")}.`] : []),
    ...(typeof instead === "string" ? [instead] : []),
    ...(typeof nearest === "string" ? [/Did you mean (?:"[^"]*"|'[^']*'|--[\w-]+)\?/.exec(message)?.[0] ?? ""] : []),
  ];
  return told.reduce((text, sentence) => (sentence === "" ? text : text.replace(` ${sentence}`, "")), message);
}

function frameLines(frames: readonly StackFrame[], paint: Paint, indent: string): string[] {
  return frames.map(({ path, line, column, hash, functionName }) => {
    const version = hash === "" ? "" : ` ${paint("dim", `@${hash.slice(0, 8)}`)}`;
    return `${indent}at ${paint("cyan", visible(`${path}:${line}:${column}`))}${version}${functionName === undefined ? "" : paint("dim", visible(`  ${functionName}`))}`;
  });
}

function factLines({ code }: ShownError, details: Details): (readonly [string, string])[] {
  const facts: (readonly [string, string])[] = problemsOf(details).map(({ path, expected, received }) => [
    String(path),
    `expected ${String(expected)}, received ${String(received)}`.replaceAll("\n", "\n    "),
  ]);
  if (typeof details["text"] === "string" && typeof details["column"] === "number") facts.push(["text", pointAt(details["text"], details["column"])]);
  const candidates = listOf(details["candidates"]);
  if (candidates.length > 0) facts.push([code === "ERR_MODULE_NOT_FOUND" ? "tried" : "candidates", candidates.join(", ")]);
  if (typeof details["rule"] === "string") facts.push(["rule", `${details["rule"]}: ${String(details["reason"])}`]);
  facts.push(...limitFacts(code, details));
  return facts;
}

function limitFacts(code: ShownError["code"], { limit, amount }: Details): (readonly [string, string])[] {
  const name = LIMIT_NAMES.find((each) => LIMITS[each].code === code);
  if (name === undefined || typeof limit !== "number" || typeof amount !== "number") return [];
  switch (LIMITS[name].unit) {
    case "ms":
      return [
        ["limit", formatDuration(limit)],
        ["used", `${formatDuration(amount)}${name === "cpuMs" ? " of processor time" : ""}`],
      ];
    case "bytes":
      // To the byte: one more than the limit must not look like the limit. What memory was asked for, nobody knows.
      if (name === "memoryBytes") return [["limit", formatSize(limit)], ...(amount === 0 ? [] : [["used", `${formatSize(amount)} at the peak`] as const])];
      return [
        ["limit", formatSize(limit)],
        ["amount", `${amount} bytes`],
      ];
    case "":
      return [
        ["limit", String(limit)],
        ["amount", String(amount)],
      ];
  }
}

function causeLines(cause: ExecutionError | undefined, paint: Paint): string[] {
  if (cause === undefined) return [];
  const title = `${cause.code === undefined ? "" : `[${cause.code}] `}${cause.name}: ${cause.message}`;
  return [`  ${paint("red", "caused by")} ${visibleBlock(title)}`, ...frameLines(cause.frames, paint, "    "), ...causeLines(cause.cause, paint)];
}

function adviceLines(details: Details, paint: Paint): string[] {
  const { instead, nearest, usage } = details;
  const advice: string[] = [];
  if (typeof instead === "string") advice.push(instead);
  if (typeof nearest === "string") advice.push(`Did you mean ${JSON.stringify(nearest)}?`);
  const lines = advice.map((text) => `  ${paint("green", "help:")} ${visible(text)}`);
  return typeof usage === "string" ? [...lines, usage] : lines;
}

/** The line with a mark below the column. */
function pointAt(text: string, column: number): string {
  const from = Math.max(0, column - 61);
  return `${text.slice(from, from + 100)}\n        ${" ".repeat(column - 1 - from)}^`;
}

function problemsOf(details: Details): readonly Details[] {
  const problems = details["problems"];
  return Array.isArray(problems) ? (problems as readonly Details[]) : [];
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string") ? value : [];
}
