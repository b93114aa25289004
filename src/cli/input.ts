// The workflow's input from what stands on the command line: -i gives the whole, -p sets single keys over it.
import { readFile } from "node:fs/promises";
import { Fault } from "../errors.ts";
import { findJsonProblem } from "./json-place.ts";

export interface InputArguments {
  /** JSON text, `@file` or `-` for standard input. */
  readonly input?: string | undefined;
  /** `key=value` each. */
  readonly parameters: readonly string[];
}

export interface InputSources {
  /** All of standard input; read only for `-`. */
  readonly stdin: () => AsyncIterable<Uint8Array>;
}

/** JSON text. Throws ERR_INPUT_INVALID that names the place in the text, the file or the parameter. */
export async function readInput({ input, parameters }: InputArguments, sources: InputSources): Promise<string> {
  const own = parameters.map(parseParameter);
  const whole = input === undefined ? { text: "{}", origin: "--input" } : await readWhole(input, sources);
  const value = parseJson(whole.text, whole.origin);
  // Without parameters the text goes on as it is: long numbers and repeated keys are for the workflow to see.
  if (own.length === 0) return whole.text;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(
      `-p sets a key of an object, but ${whole.origin} holds ${value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`}.`,
      {
        path: "$",
        expected: "an object",
        received: whole.text.slice(0, 100),
      },
    );
  }
  return JSON.stringify(Object.fromEntries([...Object.entries(value), ...own]));
}

/** The value is JSON where it parses, else text: `-p days=30` is a number, `-p name=Ada` a string, `-p 'zip="01234"'` a string too. */
export function parseParameter(text: string): readonly [key: string, value: unknown] {
  const equals = text.indexOf("=");
  if (equals < 1) {
    throw new Fault("ERR_INPUT_INVALID", `-p is ${JSON.stringify(text)}; expected key=value.`, {
      name: "UsageError",
      details: { path: "-p", expected: "key=value", received: text },
    });
  }
  const value = text.slice(equals + 1);
  try {
    return [text.slice(0, equals), JSON.parse(value)];
  } catch {
    return [text.slice(0, equals), value];
  }
}

async function readWhole(input: string, { stdin }: InputSources): Promise<{ readonly text: string; readonly origin: string }> {
  if (input === "-") return { text: decode(await readAll(stdin()), "standard input"), origin: "standard input" };
  if (!input.startsWith("@")) return { text: input, origin: "--input" };
  const path = input.slice(1);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw invalid(`The input file ${JSON.stringify(path)} cannot be read: ${reason(error)}.`, {
      path: "--input",
      expected: "a readable file",
      received: input,
    });
  }
  return { text: decode(bytes, path), origin: path };
}

function parseJson(text: string, origin: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const problem = findJsonProblem(text);
    const place = problem === undefined ? "" : ` at ${problem.line}:${problem.column}: expected ${problem.expected}, found ${problem.found}`;
    const shown = text.split("\n")[(problem?.line ?? 1) - 1]?.slice(0, 200) ?? "";
    throw invalid(`${origin === "--input" ? "--input" : `The input in ${origin}`} is not JSON${place}.`, {
      path: origin === "--input" ? "--input" : origin,
      expected: problem?.expected ?? "JSON",
      received: problem?.found ?? text.slice(0, 100),
      ...(problem && { line: problem.line, column: problem.column, text: shown }),
    });
  }
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function decode(bytes: Uint8Array, origin: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalid(`The input in ${origin} is not UTF-8 text.`, { path: origin, expected: "UTF-8 text", received: `${bytes.length} bytes that are not` });
  }
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "there is none";
  if (code === "EISDIR") return "it is a directory";
  if (code === "EACCES") return "permission is denied";
  return message;
}

function invalid(message: string, details: Readonly<Record<string, unknown>>): Fault {
  return new Fault("ERR_INPUT_INVALID", message, { name: "InputError", details });
}
