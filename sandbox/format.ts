// Values to the parts of one log line: literal text at even places, frames of V8 stacks at odd ones, which the host
// maps to TypeScript positions. Formats as Node's console does.
import { formatWithOptions, inspect } from "./inspect.ts";
import { createObject, execPattern, isError, join, push, sameValue, splitText, toText } from "./intrinsics.ts";

/** Parts alternate text, frames, text, …; there is always at least one. */
export type Parts = readonly string[];

/** Stands for an error argument while the rest is formatted; U+FDD0 and U+FDD1 are noncharacters. */
const OPEN = "\uFDD0";
const CLOSE = "\uFDD1";
const FRAME = /^\s+at /;
const CUSTOM = Symbol.for("nodejs.util.inspect.custom");

/** As `console.log(...values)`. */
export function formatParts(values: readonly unknown[]): Parts {
  const plain = plainText(values);
  if (plain !== undefined) return [plain];
  const errors: unknown[] = [];
  const stand: unknown[] = [];
  for (let index = 0; index < values.length; index++) push(stand, isError(values[index]) ? standIn(values[index] as Error, errors) : values[index]);
  const text = formatWithOptions({}, stand);
  return errors.length === 0 ? [text] : withErrors(text, errors);
}

/** Each line with `indent` before it. */
export function indentParts(parts: Parts, indent: string): Parts {
  if (indent === "") return parts;
  const indented: string[] = [];
  for (let index = 0; index < parts.length; index++) push(indented, (index === 0 ? indent : "") + join(splitText(parts[index] as string, "\n"), `\n${indent}`));
  return indented;
}

/** The common case, without loading the inspection: primitives, and no format to expand. */
function plainText(values: readonly unknown[]): string | undefined {
  let text = "";
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    const isPlain =
      typeof value === "string" || (typeof value === "number" && !sameValue(value, -0)) || typeof value === "boolean" || value === null || value === undefined;
    if (!isPlain) return undefined;
    if (index === 0 && values.length > 1 && typeof value === "string" && execPattern(/%/, value) !== null) return undefined;
    text += index === 0 ? toText(value) : ` ${toText(value)}`;
  }
  return text;
}

function standIn(error: Error, errors: unknown[]): object {
  const mark = `${OPEN}${push(errors, error) - 1}${CLOSE}`;
  const object = createObject(null) as Record<PropertyKey, unknown>;
  object[CUSTOM] = () => mark;
  object["toJSON"] = () => error;
  return object;
}

function withErrors(text: string, errors: readonly unknown[]): Parts {
  const parts: string[] = [""];
  const pieces = splitText(text, OPEN);
  appendText(parts, pieces[0] as string);
  for (let index = 1; index < pieces.length; index++) {
    const halves = splitText(pieces[index] as string, CLOSE);
    const error = errors[Number(halves[0])];
    if (halves.length === 1 || !isError(error)) {
      appendText(parts, OPEN + (pieces[index] as string));
      continue;
    }
    appendError(parts, inspect(error));
    for (let rest = 1; rest < halves.length; rest++) appendText(parts, (rest === 1 ? "" : CLOSE) + (halves[rest] as string));
  }
  return parts;
}

/** Adds to the literal text at the end, opening one where frames are last. */
function appendText(parts: string[], text: string): void {
  if (parts.length % 2 === 0) push(parts, text);
  else parts[parts.length - 1] += text;
}

/** The inspection of an error, its runs of `    at …` lines set apart (those of its causes too). */
function appendError(parts: string[], text: string): void {
  const lines = splitText(text, "\n");
  for (let index = 0; index < lines.length; index++) {
    const line = (index === 0 ? "" : "\n") + (lines[index] as string);
    const isFrame = execPattern(FRAME, lines[index] as string) !== null;
    const inFrames = parts.length % 2 === 0;
    if (isFrame && !inFrames) push(parts, line);
    else if (isFrame) parts[parts.length - 1] += line;
    else appendText(parts, line);
  }
}
