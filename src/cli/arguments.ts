// Reads a command line by a table that also writes the command's help. node:util does the splitting: loading a library for
// it would cost more than ten milliseconds of every run.
import { parseArgs } from "node:util";
import { Fault } from "../errors.ts";

export interface OptionSpec {
  readonly short?: string;
  /** Stands for the value in the help; absent for a switch. */
  readonly value?: string;
  readonly repeat?: true;
  readonly help: string;
}

export interface OperandSpec {
  readonly name: string;
  readonly optional?: true;
  readonly repeat?: true;
}

export interface CommandSpec {
  /** As it is typed, such as "bifrost-executor push". */
  readonly name: string;
  readonly summary: string;
  readonly operands: readonly OperandSpec[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Paragraphs after the options. */
  readonly notes?: string;
}

export interface Arguments {
  readonly operands: readonly string[];
  has(option: string): boolean;
  /** The last one given. */
  text(option: string): string | undefined;
  texts(option: string): readonly string[];
}

const EVERYWHERE: Readonly<Record<string, OptionSpec>> = {
  help: { short: "h", help: "show this text" },
  version: { help: "show the version" },
};

/** Throws ERR_INPUT_INVALID (name UsageError) with the nearest option where one is close. `--help` and `--version` excuse missing operands. */
export async function parseArguments(spec: CommandSpec, argv: readonly string[]): Promise<Arguments> {
  const options = { ...spec.options, ...EVERYWHERE };
  const given = new Map<string, string[]>();
  const operands: string[] = [];
  const { tokens } = parseArgs({ args: [...argv], options: settings(options), strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw await unknownOption(spec, token, options);
    given.set(token.name, [...(given.get(token.name) ?? []), valueOf(spec, option, token)]);
  }
  const excused = given.has("help") || given.has("version");
  if (!excused) checkOperands(spec, operands);
  return { operands, has: (option) => given.has(option), text: (option) => given.get(option)?.at(-1), texts: (option) => given.get(option) ?? [] };
}

export function usageLine({ name, operands }: CommandSpec): string {
  return ["usage:", name, ...operands.map(operandText), "[option …]"].join(" ");
}

export function helpText(spec: CommandSpec): string {
  const rows = Object.entries({ ...spec.options, ...EVERYWHERE }).map(([name, option]) => [optionText(name, option), option.help] as const);
  const notes = spec.notes === undefined ? "" : `\n${spec.notes}\n`;
  return `${spec.summary}\n\n${usageLine(spec)}\n\n${columns(rows)}\n${notes}`;
}

/** Two columns; a line break in the second stays in the second. */
export function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right.replaceAll("\n", `\n${" ".repeat(width + 2)}`)}`).join("\n");
}

export function usageFault(message: string, details: Readonly<Record<string, unknown>>): Fault {
  return new Fault("ERR_INPUT_INVALID", message, { name: "UsageError", details });
}

function settings(options: Readonly<Record<string, OptionSpec>>) {
  return Object.fromEntries(
    Object.entries(options).map(([name, { short, value }]) => [
      name,
      { type: value === undefined ? ("boolean" as const) : ("string" as const), multiple: true, ...(short && { short }) },
    ]),
  );
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/** "" for a switch. */
function valueOf(spec: CommandSpec, option: OptionSpec, { rawName, value, inlineValue }: OptionToken): string {
  if (option.value === undefined) {
    if (value === undefined) return "";
    throw usageFault(`${rawName} takes no value, but was given ${JSON.stringify(value)}.`, {
      path: rawName,
      expected: "no value",
      received: value,
      usage: usageLine(spec),
    });
  }
  // "--input --json" has forgotten the value; "--input=--json" has not.
  if (value === "") throw emptyArgument(spec, { path: rawName, expected: option.value });
  const forgotten = value === undefined || (inlineValue !== true && Object.hasOwn(spec.options, value.replace(/^--/, "")) && value.startsWith("--"));
  if (!forgotten) return value;
  throw usageFault(`${rawName} needs a value: ${rawName} ${option.value}.`, {
    path: rawName,
    expected: option.value,
    received: value ?? "nothing",
    usage: usageLine(spec),
  });
}

function checkOperands(spec: CommandSpec, operands: readonly string[]): void {
  const missing = spec.operands.find(({ optional }, index) => optional !== true && operands[index] === undefined);
  const details = { expected: spec.operands.map(operandText).join(" "), received: operands, usage: usageLine(spec) };
  if (missing !== undefined) throw usageFault(`${spec.name} needs ${operandText(missing)}.`, { path: missing.name, ...details });
  const extra = spec.operands.at(-1)?.repeat === true ? undefined : operands[spec.operands.length];
  if (extra !== undefined) {
    const { instead, hint } = asParameter(spec, /^[\w$-]+=/.test(extra) ? extra : undefined);
    throw usageFault(`${spec.name} was given ${JSON.stringify(extra)} more than it takes.${hint}`, { path: "arguments", ...details, ...instead });
  }
  const empty = operands.indexOf("");
  const at = spec.operands[Math.min(empty, spec.operands.length - 1)];
  if (empty >= 0 && at !== undefined) throw emptyArgument(spec, { path: at.name, expected: operandText(at) });
}

/** Nothing of ours is named by an empty text: it comes from a variable that is not set, or an input that was left blank. */
function emptyArgument(spec: CommandSpec, { path, expected }: { readonly path: string; readonly expected: string }): Fault {
  const named = path.startsWith("-") ? `${path} needs a value, but was given an empty one: ${path} ${expected}.` : `${spec.name} was given an empty ${path}.`;
  return usageFault(named, { path, expected, received: "", usage: usageLine(spec) });
}

/** What to say where one key of the input stands as if it were an argument or an option of its own. */
function asParameter(spec: CommandSpec, text: string | undefined): { readonly instead?: { readonly instead: string }; readonly hint: string } {
  if (text === undefined || spec.options["param"] === undefined) return { hint: "" };
  const quoted = /^[\w$=.,:/@%+-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  const instead = `A key of the input is given as -p ${quoted}.`;
  return { instead: { instead }, hint: ` ${instead}` };
}

async function unknownOption(spec: CommandSpec, { rawName, name: wanted, value }: OptionToken, options: Readonly<Record<string, OptionSpec>>): Promise<Fault> {
  const { nearestName } = await import("../modules/nearest-name.ts");
  const names = Object.keys(options).map((name) => `--${name}`);
  const nearest = rawName.startsWith("--") ? nearestName(rawName, names) : undefined;
  const { instead, hint } =
    nearest === undefined
      ? asParameter(spec, value === undefined ? undefined : `${wanted}=${value}`)
      : { instead: undefined, hint: ` Did you mean ${nearest}?` };
  return usageFault(`${spec.name} has no option ${rawName}.${hint}`, {
    path: rawName,
    expected: names.join(" "),
    received: rawName,
    ...(nearest && { nearest }),
    ...instead,
    usage: usageLine(spec),
  });
}

function operandText({ name, optional, repeat }: OperandSpec): string {
  const text = `${name}${repeat === true ? " …" : ""}`;
  return optional === true ? `[${text}]` : `<${text}>`;
}

function optionText(name: string, { short, value, repeat }: OptionSpec): string {
  return `${short === undefined ? "    " : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}${repeat === true ? " …" : ""}`;
}
