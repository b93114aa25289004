// What of a request does not fit the contract, in words: where, what is wanted, and what came instead. Values that may be
// secret are told by their kind alone.
import type { core } from "zod";
import { Fault } from "../errors.ts";

type Issue = core.$ZodIssue;

/** What came as one of these, or inside of it, is not repeated. */
const NOT_REPEATED = new Set(["input", "files", "content", "base64", "secret", "secrets", "value", "token", "authorization"]);
const MOST_REPEATED = 100;
const MOST_ISSUES = 10;

/** Thrown by our validator alone. */
export class InvalidRequest extends Error {
  readonly part: string;
  readonly issues: readonly Issue[];
  readonly data: unknown;

  constructor(part: string, issues: readonly Issue[], data: unknown) {
    super("The request does not fit the contract");
    this.part = part;
    this.issues = issues;
    this.data = data;
  }
}

export function issuesOf(thrown: unknown): InvalidRequest | undefined {
  return thrown instanceof InvalidRequest ? thrown : undefined;
}

export function describeIssues({ part, issues, data }: InvalidRequest): Fault {
  const told = issues.slice(0, MOST_ISSUES).map((issue) => describe(issue, { part, data }));
  const [first = { path: part, expected: "another value", received: "" }] = told;
  const message = told.map(({ path, expected, received }) => `${path} is ${received}; ${expected} is wanted.`).join(" ");
  return new Fault("ERR_INPUT_INVALID", message, { details: { ...first, ...(told.length > 1 && { problems: told }) } });
}

interface Told {
  readonly path: string;
  readonly expected: string;
  readonly received: string;
}

function describe(issue: Issue, { part, data }: { readonly part: string; readonly data: unknown }): Told {
  const inner = innermost(issue);
  const path = [...inner.path];
  // What may be given once or more often in a query, and was given once, is no list as it came.
  if (path.at(-1) === 0 && !Array.isArray(valueAt(data, path.slice(0, -1)))) path.pop();
  if (inner.code === "unrecognized_keys") path.push(inner.keys[0] ?? "");
  return { path: pathText(part, path), expected: wanted(inner), received: kindOf(valueAt(data, path), inner.code === "unrecognized_keys" ? undefined : path) };
}

/** Of a choice of shapes, what is wrong with the one that was most nearly met. */
function innermost(issue: Issue): Issue {
  if (issue.code !== "invalid_union") return issue;
  const near = issue.errors.find((each) => !each.some((inner) => inner.path.length === 0 && inner.code === "invalid_type"));
  const [first] = near ?? [];
  return first === undefined ? issue : innermost({ ...first, path: [...issue.path, ...first.path] });
}

function wanted(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return article(issue.expected);
    case "invalid_value":
      return issue.values.map((value) => JSON.stringify(value)).join(" or ");
    case "too_small":
      return `${issue.exact === true ? "exactly" : "at least"} ${String(issue.minimum)}${unit(issue.origin)}`;
    case "too_big":
      return `${issue.exact === true ? "exactly" : "at most"} ${String(issue.maximum)}${unit(issue.origin)}`;
    case "invalid_format":
      return issue.format === "regex" ? issue.message : (FORMATS[issue.format] ?? `a text of the format ${issue.format}`);
    case "unrecognized_keys":
      return "nothing of that name";
    case "invalid_union":
      return "a value of another kind";
    default:
      return issue.message === "" ? "another value" : issue.message;
  }
}

const FORMATS: Readonly<Record<string, string>> = {
  datetime: "a time such as 2026-03-01T06:00:00Z",
  base64: "base64",
  uuid: "a UUID",
};

function article(type: string): string {
  if (type === "int") return "a whole number";
  return /^[aeiou]/u.test(type) ? `an ${type}` : `a ${type}`;
}

function unit(origin: string): string {
  return { string: " characters", array: " items", set: " items" }[origin] ?? "";
}

function pathText(part: string, path: readonly PropertyKey[]): string {
  const [first, ...rest] = path.map(String);
  if (first === undefined) return part;
  return [first, ...rest].join(".").slice(0, 200);
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** `path`: undefined for what nobody knows, and may be a secret under a misspelt name. */
function kindOf(value: unknown, path: readonly PropertyKey[] | undefined): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object") return "an object";
  const isQuiet = path === undefined || path.some((key) => NOT_REPEATED.has(String(key).toLowerCase()));
  const text = JSON.stringify(value);
  return isQuiet || text.length > MOST_REPEATED ? article(typeof value) : text;
}
