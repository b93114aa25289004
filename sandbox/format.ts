// Values to the parts of one log line: literal text at even places, frames of V8 stacks at odd ones, which the host
// maps to TypeScript positions. Formats as Node's console does.
import { formatWithOptions, inspect } from "./inspect.ts";
import { createList, createObject, execPattern, indexOfText, isError, join, push, sameValue, splitText, toText } from "./intrinsics.ts";

/** Parts alternate text, frames, text, …; there is always at least one. */
export type Parts = readonly string[];

/** Stand around the number of an argument that is shown apart while the rest is formatted; U+FDD0 and U+FDD1 are noncharacters. */
const OPEN = "\uFDD0";
const CLOSE = "\uFDD1";
const FRAME = /^\s+at /;
const CUSTOM = Symbol.for("nodejs.util.inspect.custom");

/** As `console.log(...values)`. */
export function formatParts(values: readonly unknown[]): Parts {
  const plain = plainText(values);
  if (plain !== undefined) return [plain];
  const shown = createList<unknown>();
  const stand = createList<unknown>();
  const expands = isFormat(values[0]);
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    // Errors inside of an object have stacks too; what a format expands otherwise, such as %o, is left to it.
    const isShownApart = isError(value) || (!expands && typeof value === "object" && value !== null);
    push(stand, isShownApart ? standIn(value, shown) : value);
  }
  const text = formatWithOptions({}, stand);
  return shown.length === 0 ? [text] : withStacks(text, shown);
}

/** Each line with `indent` before it. */
export function indentParts(parts: Parts, indent: string): Parts {
  if (indent === "") return parts;
  const indented = createList<string>();
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
    if (index === 0 && values.length > 1 && isFormat(value)) return undefined;
    text += index === 0 ? toText(value) : ` ${toText(value)}`;
  }
  return text;
}

function isFormat(value: unknown): boolean {
  return typeof value === "string" && indexOfText(value, "%") !== -1;
}

function standIn(value: object, shown: unknown[]): object {
  const mark = `${OPEN}${push(shown, value) - 1}${CLOSE}`;
  const object = createObject(null) as Record<PropertyKey, unknown>;
  object[CUSTOM] = () => mark;
  object["toJSON"] = () => value;
  return object;
}

function withStacks(text: string, shown: readonly unknown[]): Parts {
  const parts = createList<string>();
  push(parts, "");
  const pieces = splitText(text, OPEN);
  appendText(parts, pieces[0] as string);
  for (let index = 1; index < pieces.length; index++) {
    const halves = splitText(pieces[index] as string, CLOSE);
    const value = shown[Number(halves[0])];
    if (halves.length === 1 || value === undefined) {
      appendText(parts, OPEN + (pieces[index] as string));
      continue;
    }
    appendShown(parts, inspect(value));
    for (let rest = 1; rest < halves.length; rest++) appendText(parts, (rest === 1 ? "" : CLOSE) + (halves[rest] as string));
  }
  return parts;
}

/** Adds to the literal text at the end, opening one where frames are last. */
function appendText(parts: string[], text: string): void {
  if (parts.length % 2 === 0) push(parts, text);
  else parts[parts.length - 1] += text;
}

/** The inspection of an object, its runs of `    at …` lines set apart: texts in it are quoted, so such lines are frames. */
function appendShown(parts: string[], text: string): void {
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
