// Settings as an operator writes and reads them: `memory=256mb`, `timeout=10m`, `webAssembly=on`, `logLines=default`. Used
// for the command line and the environment alike.
import { parseDuration } from "./duration.ts";
import { Fault } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { amountRange, isAmountName, isLimitName, SETTING_NAMES, settingLabel, wantedInstead, type SettingName, type SettingsChange } from "./settings.ts";
import { parseSize } from "./size.ts";

const BY_LABEL: ReadonlyMap<string, SettingName> = new Map(
  SETTING_NAMES.flatMap((name) => [name, settingLabel(name)].map((label) => [label.toLowerCase(), name])),
);

/** What 0 is called, and what it means, where it is no mere amount. */
const ZERO: { readonly [K in SettingName]?: { readonly word: string; readonly meaning: string } } = {
  maxRunning: { word: "none", meaning: "as many as hosts have room for" },
  retentionDays: { word: "forever", meaning: "never removed" },
};

const SWITCH: Readonly<Record<string, boolean>> = { on: true, true: true, yes: true, off: false, false: false, no: false };

/** Says of every setting, in few words, what it is for. */
export const SETTING_MEANINGS: Readonly<Record<SettingName, string>> = {
  wallMs: "wall clock of a run",
  cpuMs: "processor time of a run",
  memoryBytes: "heap and buffers of a run",
  inputBytes: "JSON text of the input",
  resultBytes: "JSON text of the result",
  logLines: "log lines kept of a run",
  logBytes: "text of all log lines of a run",
  pendingCalls: "timers, imports and host calls waited for at once",
  totalCalls: "imports and host calls of a run in all",
  sourceBytes: "source of one module",
  modules: "modules that a run links",
  nesting: "depth of a module's syntax tree",
  callDepth: "workflows that wait for one another",
  webAssembly: "WebAssembly in the room",
  codeGeneration: "eval, and functions made from text",
  tier: "whether V8 makes machine code",
  concurrency: "runs that share one process",
  maxRunning: "runs at once, over all hosts",
  retentionDays: "days for which executions that ended are kept",
};

/**
 * Reads `NAME=VALUE` each; `default` takes a value back, and `all=default` takes back all. Throws ERR_INPUT_INVALID (name
 * UsageError) for the first that is wrong, naming the setting, the value and what is wanted.
 */
export function parseSettings(assignments: readonly string[]): SettingsChange {
  const change: Partial<Record<SettingName, unknown>> = {};
  for (const assignment of assignments) {
    for (const [name, value] of parseAssignment(assignment)) {
      if (Object.hasOwn(change, name))
        throw wrong(settingLabel(name), { message: `${settingLabel(name)} is set twice.`, expected: "one value", received: assignment });
      change[name] = value;
    }
  }
  return change as SettingsChange;
}

function parseAssignment(assignment: string): readonly (readonly [SettingName, unknown])[] {
  const [, label = "", text = ""] = /^\s*([^=]*?)\s*=\s*([^]*?)\s*$/.exec(assignment) ?? [];
  if (label === "" || text === "") {
    throw wrong(assignment, {
      message: `${JSON.stringify(assignment)} is no setting: NAME=VALUE is wanted, such as memory=256mb.`,
      expected: "NAME=VALUE",
      received: assignment,
    });
  }
  const isDefault = text.toLowerCase() === "default";
  if (label.toLowerCase() === "all" && isDefault) return SETTING_NAMES.map((name) => [name, null]);
  const name = BY_LABEL.get(label.toLowerCase());
  if (name === undefined) throw unknownSetting(label);
  return [[name, isDefault ? null : parseValue(name, text)]];
}

function parseValue(name: SettingName, text: string): unknown {
  const value = readValue(name, text);
  if (wantedInstead(name, value) === undefined) return value;
  const expected = settingRange(name);
  const label = settingLabel(name);
  throw wrong(label, { message: `${label} is ${JSON.stringify(text)}; ${expected} is wanted.`, expected, received: text });
}

/** What the text stands for; itself where it stands for nothing that this setting can have. */
function readValue(name: SettingName, text: string): unknown {
  const word = text.toLowerCase();
  if (name === "tier") return word;
  if (name === "webAssembly" || name === "codeGeneration") return SWITCH[word] ?? text;
  if (word === ZERO[name]?.word) return 0;
  if (isLimitName(name)) {
    const { unit, mayBeNone } = LIMITS[name];
    if (mayBeNone && word === "none") return 0;
    if (unit === "ms") return parseDuration(text, settingLabel(name));
    if (unit === "bytes") return parseSize(text, settingLabel(name), { mayBeNone });
  }
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** What `parseSettings` takes for it, in words. */
export function settingRange(name: SettingName): string {
  if (name === "tier") return "jit, or jitless: slower, with memory counted to the byte";
  const zero = ZERO[name];
  if (isAmountName(name)) return `${amountRange(name)}${zero === undefined ? "" : `; 0 or ${zero.word}: ${zero.meaning}`}`;
  if (!isLimitName(name)) return "on or off";
  const { unit, mayBeNone, least } = LIMITS[name];
  const kind = { ms: "a time", bytes: "a size", "": "a whole number" }[unit];
  return `${kind} of ${settingText(name, least)} or more${mayBeNone ? ", or none" : ""}`;
}

/** As `parseSettings` reads it: 10m, 256mb, none, on. */
export function settingText(name: SettingName, value: number | boolean | string): string {
  if (typeof value !== "number") return typeof value === "string" ? value : value ? "on" : "off";
  const zero = ZERO[name];
  if (value === 0 && zero !== undefined) return zero.word;
  if (!isLimitName(name)) return String(value);
  const { unit, mayBeNone } = LIMITS[name];
  if (value === 0 && mayBeNone) return "none";
  if (unit === "ms")
    return inUnits(value, [
      ["h", 3_600_000],
      ["m", 60_000],
      ["s", 1000],
      ["ms", 1],
    ]);
  if (unit === "bytes")
    return inUnits(value, [
      ["gb", 1024 ** 3],
      ["mb", 1024 ** 2],
      ["kb", 1024],
      ["b", 1],
    ]);
  return String(value);
}

/** In the largest unit that leaves nothing over. */
function inUnits(value: number, units: readonly (readonly [unit: string, size: number])[]): string {
  const [unit, size] = units.find(([, each]) => value >= each && value % each === 0) ?? ["", 1];
  return `${value / size}${unit}`;
}

function unknownSetting(label: string): Fault {
  const labels = SETTING_NAMES.map(settingLabel);
  return wrong(label, {
    message: `There is no setting ${JSON.stringify(label)}. There are: ${labels.join(", ")}.`,
    expected: labels.join(" "),
    received: label,
  });
}

function wrong(path: string, { message, ...details }: { readonly message: string; readonly expected: string; readonly received: string }): Fault {
  return new Fault("ERR_INPUT_INVALID", message, { name: "UsageError", details: { path, ...details } });
}
