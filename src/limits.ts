// What one execution may use. Every limit has a name, a unit, a default and a code; a workspace may have its own, and a
// run may ask for less.
import { Fault, type FaultCode } from "./errors.ts";

export interface Limits {
  /** From hand-over to completion, in milliseconds; 0 means none. */
  readonly wallMs: number;
  /** Processor time, in milliseconds; 0 means none. */
  readonly cpuMs: number;
  /** Heap and buffers of the isolate, in bytes; 0 means none. */
  readonly memoryBytes: number;
  /** JSON text of the input, in UTF-8. */
  readonly inputBytes: number;
  /** JSON text of the result, in UTF-8. */
  readonly resultBytes: number;
  /** Log lines kept; what is more is dropped with a mark. */
  readonly logLines: number;
  /** Messages and data of all log lines together, in UTF-8; what is more is dropped with a mark. */
  readonly logBytes: number;
  /** Host functions called and not answered yet: timers, import() and everything that is awaited from the host. */
  readonly pendingCalls: number;
  /** Host functions called in all, timers not counted. */
  readonly totalCalls: number;
  /** One module's source, in UTF-8. */
  readonly sourceBytes: number;
  /** Modules that one execution links, import() included. */
  readonly modules: number;
  /** How deep expressions and blocks of a module's source may nest, in nodes of its syntax tree. */
  readonly nesting: number;
  /** How many workflows may wait for one another through `workflows.execute`. */
  readonly callDepth: number;
}

export type LimitName = keyof Limits;

export interface LimitKind {
  /** As an operator or caller writes it, and as an error names it. */
  readonly option: string;
  readonly unit: "ms" | "bytes" | "";
  readonly default: number;
  readonly least: number;
  /** Whether 0 is a value, and means that there is no limit. */
  readonly mayBeNone: boolean;
  /** What passing it leads to; undefined: logs are cut short instead. */
  readonly code: FaultCode | undefined;
}

export const MB = 1024 * 1024;

/** isolated-vm refuses a heap limit below this. */
export const MIN_MEMORY_BYTES = 8 * MB;

/** For a limit of "none": more than an isolate may grow to before the machine ends it. */
export const MOST_MEMORY_BYTES = 4096 * MB;

export const LIMITS: Readonly<Record<LimitName, LimitKind>> = Object.freeze({
  wallMs: { option: "--timeout", unit: "ms", default: 300_000, least: 1, mayBeNone: true, code: "ERR_TIMEOUT_WALL" },
  cpuMs: { option: "--cpu", unit: "ms", default: 60_000, least: 1, mayBeNone: true, code: "ERR_TIMEOUT_CPU" },
  memoryBytes: { option: "--memory", unit: "bytes", default: 128 * MB, least: MIN_MEMORY_BYTES, mayBeNone: true, code: "ERR_MEMORY_LIMIT" },
  inputBytes: { option: "inputBytes", unit: "bytes", default: 32 * MB, least: 2, mayBeNone: false, code: "ERR_INPUT_TOO_LARGE" },
  resultBytes: { option: "resultBytes", unit: "bytes", default: 32 * MB, least: 4, mayBeNone: false, code: "ERR_RESULT_TOO_LARGE" },
  logLines: { option: "logLines", unit: "", default: 10_000, least: 1, mayBeNone: false, code: undefined },
  logBytes: { option: "logBytes", unit: "bytes", default: 4 * MB, least: 1, mayBeNone: false, code: undefined },
  pendingCalls: { option: "pendingCalls", unit: "", default: 10_000, least: 1, mayBeNone: false, code: "ERR_HOST_CALL_LIMIT" },
  totalCalls: { option: "totalCalls", unit: "", default: 100_000, least: 1, mayBeNone: false, code: "ERR_HOST_CALL_LIMIT" },
  sourceBytes: { option: "sourceBytes", unit: "bytes", default: MB, least: 1, mayBeNone: false, code: "ERR_SOURCE_TOO_LARGE" },
  modules: { option: "modules", unit: "", default: 10_000, least: 1, mayBeNone: false, code: "ERR_CLOSURE_TOO_LARGE" },
  nesting: { option: "nesting", unit: "", default: 500, least: 1, mayBeNone: false, code: "ERR_NESTING_LIMIT" },
  callDepth: { option: "callDepth", unit: "", default: 8, least: 1, mayBeNone: false, code: "ERR_CALL_DEPTH" },
});

export const LIMIT_NAMES = Object.freeze(Object.keys(LIMITS) as LimitName[]);

export const DEFAULT_LIMITS: Limits = Object.freeze(Object.fromEntries(LIMIT_NAMES.map((name) => [name, LIMITS[name].default])) as Record<LimitName, number>);

export type AskedLimits = { readonly [K in LimitName]?: number | undefined };

/**
 * The workspace's limits lowered by what was asked for. A request above the workspace's limit, or for none (0) where
 * the workspace has one, is refused with ERR_INPUT_INVALID: silently running with less would be a surprise.
 */
export function lowerLimits(workspace: Limits, asked: AskedLimits): Limits {
  return changeLimits(workspace, asked, (name, value) => {
    const { option, unit } = LIMITS[name];
    const limit = workspace[name];
    if (limit === 0 || (value !== 0 && value <= limit)) return;
    throw invalid(
      name,
      `${option} asks for ${value === 0 ? "no limit" : amount(value, unit)}, but this workspace allows at most ${amount(limit, unit)}. Ask for less, or have the workspace's limit raised.`,
      { expected: `1 to ${amount(limit, unit)}`, received: String(value) },
    );
  });
}

/** Limits with some set outright. Rejects what no limit can be with ERR_INPUT_INVALID. */
export function setLimits(limits: Limits, asked: AskedLimits): Limits {
  return changeLimits(limits, asked, () => undefined);
}

function changeLimits(limits: Limits, asked: AskedLimits, check: (name: LimitName, value: number) => void): Limits {
  const changed: Record<LimitName, number> = { ...limits };
  for (const name of LIMIT_NAMES) {
    const value = asked[name];
    if (value === undefined) continue;
    checkLimit(name, value);
    check(name, value);
    changed[name] = value;
  }
  return changed;
}

/** Throws ERR_INPUT_INVALID where this limit cannot have this value. */
export function checkLimit(name: LimitName, value: number): void {
  const { option, unit, least, mayBeNone } = LIMITS[name];
  if (Number.isFinite(value) && (value >= least || (value === 0 && mayBeNone))) return;
  const expected = `${amount(least, unit)} or more${mayBeNone ? ", or 0 for none" : ""}`;
  const why = name === "memoryBytes" && value > 0 ? " An isolate needs at least that much." : "";
  throw invalid(name, `${option} is ${amount(value, unit)}; ${expected} is wanted.${why}`, { expected, received: String(value) });
}

function amount(value: number, unit: LimitKind["unit"]): string {
  return unit === "" ? String(value) : `${value} ${unit}`;
}

function invalid(name: LimitName, message: string, facts: { readonly expected: string; readonly received: string }): Fault {
  return new Fault("ERR_INPUT_INVALID", message, { details: { path: LIMITS[name].option, ...facts } });
}

/** Whether a text has more than so many bytes in UTF-8. */
export function isLongerThan(text: string, bytes: number): boolean {
  // A UTF-16 unit takes one to three bytes: most texts need not be counted.
  return text.length * 3 > bytes && (text.length > bytes || Buffer.byteLength(text) > bytes);
}
