// What a data provider returns: a list of { label, value, metadata? } (B93). Looks at plain data only: what JSON.parse made of the result.
import { hasOwn, isArray, toText } from "../intrinsics.ts";
import { describeReceived } from "../describe-value.ts";

export interface OptionsProblem {
  readonly path: string;
  readonly expected: string;
  readonly received: string;
}

type Member = { readonly [name: string]: unknown };

/** The first thing that is wrong; undefined where nothing is. Other members of an option are let be. */
export function optionsProblem(result: unknown): OptionsProblem | undefined {
  if (!isArray(result)) return problem("$", "a list of options", result);
  for (let index = 0; index < (result as readonly unknown[]).length; index++) {
    const found = optionProblem((result as readonly unknown[])[index], `$[${toText(index)}]`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function optionProblem(option: unknown, path: string): OptionsProblem | undefined {
  if (!isRecord(option)) return problem(path, "{ label, value, metadata? }", option);
  // Own members only: author code may have put something on Object.prototype.
  const label = hasOwn(option, "label") ? option["label"] : undefined;
  if (typeof label !== "string") return problem(`${path}.label`, "string", label);
  if (!hasOwn(option, "value")) return problem(`${path}.value`, "any JSON data", undefined);
  const metadata = hasOwn(option, "metadata") ? option["metadata"] : undefined;
  return metadata === undefined || isRecord(metadata) ? undefined : problem(`${path}.metadata`, "object", metadata);
}

function isRecord(value: unknown): value is Member {
  return typeof value === "object" && value !== null && !isArray(value);
}

function problem(path: string, expected: string, found: unknown): OptionsProblem {
  return { path, expected, received: describeReceived(found) };
}
