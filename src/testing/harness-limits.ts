// Limits as a test names them, and what a run of the harness gets of them.
import { Fault } from "../errors.ts";
import { checkLimit, LIMIT_NAMES, LIMITS, MB, setLimits, type LimitName, type Limits } from "../limits.ts";

type EveryLimit = { readonly [K in keyof Limits]?: Limits[K] | undefined };

/** Any limit by its name; those that are absent are the workspace's, if nothing else is said here. */
export interface HarnessLimits extends EveryLimit {
  /** Wall clock, in milliseconds; 0 for none. 30,000 where absent. Goes before `wallMs`, which is the same. */
  readonly timeoutMs?: number | undefined;
  /** Processor time, in milliseconds; 0 for none. As much as the wall clock where absent. */
  readonly cpuMs?: number | undefined;
  /** In MB (1,048,576 bytes); 0 for none. 128 where absent. Goes before `memoryBytes`, which is the same. */
  readonly memoryMb?: number | undefined;
}

type AskedLimits = { readonly [K in LimitName]?: number };

const DEFAULT_WALL_MS = 30_000;

/** Throws ERR_INPUT_INVALID, naming the limit as the caller has. */
export function askedLimits(limits: HarnessLimits): AskedLimits {
  const { timeoutMs, memoryMb } = limits;
  const asked: { [K in LimitName]?: number } = {};
  for (const name of LIMIT_NAMES) {
    const value = limits[name];
    if (value !== undefined) asked[name] = accepted(name, value, name);
  }
  if (timeoutMs !== undefined) asked.wallMs = accepted("wallMs", timeoutMs, "timeoutMs");
  if (memoryMb !== undefined) asked.memoryBytes = accepted("memoryBytes", Math.round(memoryMb * MB), "memoryMb");
  return asked;
}

export function runLimits(workspace: Limits, asked: AskedLimits): Limits {
  const { wallMs = DEFAULT_WALL_MS, cpuMs = wallMs, ...rest } = asked;
  return setLimits(workspace, { wallMs, cpuMs, ...rest });
}

function accepted(name: LimitName, value: number, label: keyof HarnessLimits): number {
  try {
    checkLimit(name, value);
    return value;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const [shown, least] = label === "memoryMb" ? [value / MB, LIMITS[name].least / MB] : [value, LIMITS[name].least];
    const expected = `${least} or more${LIMITS[name].mayBeNone ? ", or 0 for none" : ""}`;
    throw new Fault("ERR_INPUT_INVALID", `${label} is ${shown}; ${expected} is wanted.`, {
      cause: error,
      details: { path: label, expected, received: String(shown) },
    });
  }
}
