// Checks an input against an executable's schema, and says what is wrong in terms of path, expected and received.
// Takes zod's schemas, anything else with `safeParse`, and anything that follows Standard Schema.
import { describeReceived } from "../describe-value.ts";
import type { InputProblem } from "../host.d.ts";
import { apply, createList, isArray, join, push, sliceText, stringifyJson, toText } from "../intrinsics.ts";
import { quote, recordText } from "../json-text.ts";
import { memberText } from "../result.ts";

export type Schema = object;

/** Without a prototype: a promise that it settles looks for `then` on it. */
export type Checked = { readonly __proto__: null } & (
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly InputProblem[] }
);

/** What is more helps nobody, and each is the schema's own text, of any length. */
const MOST_PROBLEMS = 1000;
const MOST_CHARACTERS = 2000;

type Check = (value: unknown) => unknown;

interface Issue {
  readonly path?: readonly unknown[];
  readonly message?: unknown;
  readonly code?: unknown;
  readonly [detail: string]: unknown;
}

export function isSchema(value: unknown): value is Schema {
  return ((typeof value === "object" && value !== null) || typeof value === "function") && checkOf(value) !== undefined;
}

/** Rejects only with what the schema's own code throws. */
export async function checkInput(schema: Schema | undefined, value: unknown): Promise<Checked> {
  if (schema === undefined) return { __proto__: null, ok: true, value };
  const outcome = (await (checkOf(schema) as Check)(value)) as {
    success?: boolean;
    data?: unknown;
    value?: unknown;
    error?: { issues?: unknown };
    issues?: unknown;
  };
  const issues = outcome.success === false ? outcome.error?.issues : outcome.issues;
  if (outcome.success !== false && issues === undefined) return { __proto__: null, ok: true, value: "success" in outcome ? outcome.data : outcome.value };
  return { __proto__: null, ok: false, problems: problemsOf(isArray(issues) ? (issues as readonly Issue[]) : [], value) };
}

export function problemsText(problems: readonly InputProblem[]): string {
  const items = createList<string>();
  for (let index = 0; index < problems.length; index++) {
    const problem = problems[index] as InputProblem;
    push(
      items,
      recordText([
        ["path", quote(shorten(problem.path))],
        ["expected", quote(shorten(problem.expected))],
        ["received", quote(shorten(problem.received))],
        ["message", quote(shorten(problem.message))],
      ]),
    );
  }
  return `[${join(items, ",")}]`;
}

function checkOf(schema: object): Check | undefined {
  const {
    safeParseAsync,
    safeParse,
    "~standard": standard,
  } = schema as { safeParseAsync?: unknown; safeParse?: unknown; "~standard"?: { validate?: unknown } };
  if (typeof safeParseAsync === "function") return (value) => apply(safeParseAsync as Check, schema, [value]);
  if (typeof safeParse === "function") return (value) => apply(safeParse as Check, schema, [value]);
  const validate = standard?.validate;
  return typeof validate === "function" ? (value) => apply(validate as Check, standard, [value]) : undefined;
}

function problemsOf(issues: readonly Issue[], input: unknown): readonly InputProblem[] {
  const problems = createList<InputProblem>();
  for (let index = 0; index < issues.length && index < MOST_PROBLEMS; index++) push(problems, problemOf(issues[index] as Issue, input));
  if (problems.length === 0)
    push(problems, { path: "$", expected: "a valid input", received: describeReceived(input), message: "The schema refused the input" });
  return problems;
}

function problemOf(issue: Issue, input: unknown): InputProblem {
  const steps = isArray(issue.path) ? issue.path : [];
  let path = "$";
  let value = input;
  for (let index = 0; index < steps.length; index++) {
    const step: unknown = stepKey(steps[index]);
    path += typeof step === "number" ? `[${step}]` : memberText(toText(step));
    value = typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[step as PropertyKey] : undefined;
  }
  const message = typeof issue.message === "string" ? issue.message : "Invalid input";
  return { path, expected: expectedBy(issue, message), received: receivedBy(issue, value), message };
}

/** Standard Schema also allows `{ key }` for a step. */
function stepKey(step: unknown): unknown {
  return typeof step === "object" && step !== null ? (step as { key?: unknown }).key : step;
}

function receivedBy(issue: Issue, value: unknown): string {
  if (issue.code === "unrecognized_keys" && isArray(issue["keys"]))
    return `unknown ${issue["keys"].length === 1 ? "key" : "keys"} ${alternatives(issue["keys"], ", ")}`;
  return describeReceived(value);
}

/** In zod's terms; other libraries say it in their message only. */
function expectedBy(issue: Issue, message: string): string {
  switch (issue.code) {
    case "invalid_type":
      return toText(issue["expected"]);
    case "too_small":
      return `${sized(issue)} ${issue["inclusive"] === false ? "greater than" : "at least"} ${toText(issue["minimum"])}`;
    case "too_big":
      return `${sized(issue)} ${issue["inclusive"] === false ? "less than" : "at most"} ${toText(issue["maximum"])}`;
    case "invalid_format":
      return `string in format ${toText(issue["format"])}`;
    case "not_multiple_of":
      return `multiple of ${toText(issue["divisor"])}`;
    case "invalid_value":
      return isArray(issue["values"]) ? alternatives(issue["values"], " | ") : message;
    case "unrecognized_keys":
      return "no other keys";
    case "invalid_union":
      return unionExpected(issue) ?? message;
    default:
      return message;
  }
}

function sized(issue: Issue): string {
  const origin = toText(issue["origin"]);
  return origin === "string" || origin === "array" || origin === "set" || origin === "map" ? `${origin} of length` : origin;
}

function unionExpected(issue: Issue): string | undefined {
  const branches = issue["errors"];
  if (!isArray(branches)) return undefined;
  const texts = createList<string>();
  for (let index = 0; index < branches.length; index++) {
    const first = (branches[index] as readonly Issue[] | undefined)?.[0];
    if (first !== undefined && (first.path === undefined || first.path.length === 0)) push(texts, expectedBy(first, toText(first.message)));
  }
  return texts.length === 0 ? undefined : join(texts, " | ");
}

function alternatives(values: readonly unknown[], separator: string): string {
  const texts = createList<string>();
  for (let index = 0; index < values.length && index < 20; index++) {
    const value: unknown = values[index];
    push(texts, typeof value === "string" ? stringifyJson(value) : toText(value));
  }
  return join(texts, separator);
}

function shorten(text: string): string {
  return text.length > MOST_CHARACTERS ? `${sliceText(text, 0, MOST_CHARACTERS)}…` : text;
}
