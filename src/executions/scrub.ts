// Takes the secrets that were handed to a run out of all that it gives: every occurrence gives way to a mark that names
// the secret. Knows texts and JSON data; what an envelope is made of is said at the end.
import type { Execution, ExecutionError, StackFrame } from "../completion.ts";
import { searchFor } from "./many-texts.ts";
import { LEAST_SECRET_CHARACTERS } from "../workspace/config-checks.ts";
import { formsOf } from "./secret-forms.ts";

/** Name → value. */
export type Secrets = Readonly<Record<string, string>>;

export interface Scrubber {
  text(text: string): string;
  /** JSON data, keys included. What holds no secret is given back as the same object; what was given is never changed. */
  value<Value>(value: Value): Value;
}

/** Data nested deeper than this is not looked into and not given out: no result and no log line is. */
const MAX_DEPTH = 2000;
const BRACKETS = ["[]", "<>", "{}", "()", "⟦⟧", "«»"];

/** Undefined where there is nothing to look for, so that a run without secrets pays nothing. */
export function createScrubber(secrets: Iterable<readonly [name: string, value: string]>): Scrubber | undefined {
  // The first secret of two that are equal gives the mark.
  const owners = new Map<string, string>();
  for (const [name, secret] of secrets) for (const form of formsOf(secret)) if (!owners.has(form)) owners.set(form, name);
  if (owners.size === 0) return undefined;

  const texts = [...owners.keys()];
  const find = searchFor(texts);
  const [open, close] = bracketsBeside(texts);
  const marks = texts.map((form) => markOf(owners.get(form) as string));
  const numbers = new Map(texts.flatMap((form, index) => (isNumeral(form) ? [[Number(form), marks[index] as string]] : [])));

  return { text: scrubText, value: (value) => scrubValue(value, 0) as typeof value };

  /** Neither it nor what it makes with its neighbours may hold a secret: its ends stand in none. */
  function markOf(name: string): string {
    const label = [`secret ${name}`, "secret", "***"].find((each) => find(each).length === 0) ?? "";
    return `${open}${label}${close}`;
  }

  function scrubText(text: string): string {
    if (text.length < LEAST_SECRET_CHARACTERS) return text;
    const spans = find(text);
    if (spans.length === 0) return text;
    const parts: string[] = [];
    let from = 0;
    for (const { start, end, index } of spans) {
      parts.push(text.slice(from, start), marks[index] as string);
      from = end;
    }
    parts.push(text.slice(from));
    return parts.join("");
  }

  function scrubValue(value: unknown, depth: number): unknown {
    if (typeof value === "string") return scrubText(value);
    if (typeof value === "number") return numbers.get(value) ?? value;
    if (typeof value !== "object" || value === null) return value;
    if (depth > MAX_DEPTH) return scrubText("[nested too deep to be searched for secrets]");
    return Array.isArray(value) ? scrubArray(value, depth) : scrubObject(value, depth);
  }

  function scrubArray(values: readonly unknown[], depth: number): readonly unknown[] {
    let changed: unknown[] | undefined;
    for (const [index, value] of values.entries()) {
      const scrubbed = scrubValue(value, depth + 1);
      if (scrubbed === value) continue;
      changed ??= [...values];
      changed[index] = scrubbed;
    }
    return changed ?? values;
  }

  function scrubObject(value: object, depth: number): object {
    const entries = Object.entries(value);
    const scrubbed = entries.map(([key, member]) => [scrubText(key), scrubValue(member, depth + 1)] as const);
    if (scrubbed.every(([key, member], index) => key === entries[index]?.[0] && Object.is(member, entries[index]?.[1]))) return value;
    const taken = new Map<string, number>();
    // fromEntries, unlike assignment, makes a key named "__proto__" one as any other.
    return Object.fromEntries(scrubbed.map(([key, member]) => [free(key), member]));

    /** Two keys that differed in nothing but secrets are two still. */
    function free(key: string): string {
      const before = taken.get(key);
      taken.set(key, (before ?? 0) + 1);
      if (before === undefined) return key;
      // A number and not one bracket more each: a hundred thousand keys may be made to look the same.
      const name = `${key}${close}${before + 1}${close}`;
      return taken.has(name) ? free(name) : (taken.set(name, 1), name);
    }
  }
}

/** Two characters that stand in none of the texts. */
function bracketsBeside(texts: readonly string[]): readonly [open: string, close: string] {
  const used = new Set(texts.join(""));
  const pair = BRACKETS.find(([open = "", close = ""]) => !used.has(open) && !used.has(close));
  if (pair !== undefined) return [pair[0] as string, pair[1] as string];
  // From the private area: as many texts as this would take nobody can hand over.
  let code = 0xe000;
  const next = (): string => {
    while (used.has(String.fromCharCode(code))) code++;
    return String.fromCharCode(code++);
  };
  return [next(), next()];
}

/** Written so that the number shows as many characters as the secret has to have. */
function isNumeral(text: string): boolean {
  return /^[+-]?\d+(?:\.\d+)?$/.test(text) && String(Number(text)).length >= LEAST_SECRET_CHARACTERS;
}

type Outcome = Partial<Pick<Execution, "result" | "error">>;

/** Log lines are scrubbed as they come (log-book.ts). */
export function scrubOutcome<Ended extends Outcome>(ended: Ended, scrubber: Scrubber | undefined): Ended {
  if (scrubber === undefined) return ended;
  const { result, error } = ended;
  return {
    ...ended,
    ...(result === undefined ? {} : { result: scrubber.value(result) }),
    ...(error === undefined ? {} : { error: scrubError(error, scrubber) }),
  };
}

/** JSON text. It is written anew only where a secret stood in it: long numbers and repeated keys stay as they came. */
export function scrubJson(json: string, scrubber: Scrubber | undefined): string {
  if (scrubber === undefined) return json;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return scrubber.text(json);
  }
  const scrubbed = scrubber.value(value);
  return Object.is(scrubbed, value) ? json : JSON.stringify(scrubbed);
}

/** Its code is ours. */
function scrubError(error: ExecutionError, scrubber: Scrubber): ExecutionError {
  const { name, message, stack, frames, cause, details } = error;
  return {
    ...error,
    name: scrubber.text(name),
    message: scrubber.text(message),
    stack: scrubber.text(stack),
    frames: frames.map((frame) => scrubFrame(frame, scrubber)),
    ...(cause === undefined ? {} : { cause: scrubError(cause, scrubber) }),
    ...(details === undefined ? {} : { details: scrubber.value(details) }),
  };
}

/** Its hash is ours. */
function scrubFrame({ hash, ...frame }: StackFrame, scrubber: Scrubber): StackFrame {
  return { ...scrubber.value(frame), hash };
}
