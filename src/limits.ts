// What one execution may use, and the sizes that are the same for all.
import { Fault } from "./errors.ts";

/** 0 means none. */
export interface Limits {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly memoryBytes: number;
}

export const MB = 1024 * 1024;

export const DEFAULT_LIMITS: Limits = Object.freeze({ wallMs: 300_000, cpuMs: 60_000, memoryBytes: 128 * MB });

/** JSON text of an input or a result, in UTF-16 units. */
export const MAX_INPUT_CHARACTERS = 32 * MB;
export const MAX_RESULT_CHARACTERS = 32 * MB;

/** isolated-vm refuses a heap limit below this. */
export const MIN_MEMORY_BYTES = 8 * MB;

const NAMES = { wallMs: "--timeout", cpuMs: "--cpu", memoryBytes: "--memory" } as const;
const UNITS = { wallMs: "ms", cpuMs: "ms", memoryBytes: "bytes" } as const;

/**
 * The workspace's limits lowered by what was asked for. A request above the workspace's limit, or for none (0) where
 * the workspace has one, is refused with ERR_INPUT_INVALID: silently running with less would be a surprise.
 */
export function lowerLimits(workspace: Limits, asked: { readonly [K in keyof Limits]?: number | undefined }): Limits {
  const lowered = { ...workspace };
  for (const key of ["wallMs", "cpuMs", "memoryBytes"] as const) {
    const value = asked[key];
    if (value === undefined) continue;
    const limit = workspace[key];
    if (limit !== 0 && (value === 0 || value > limit)) {
      throw new Fault(
        "ERR_INPUT_INVALID",
        `${NAMES[key]} asks for ${value === 0 ? "no limit" : `${value} ${UNITS[key]}`}, but this workspace allows at most ${limit} ${UNITS[key]}. Ask for less, or have the workspace's limit raised.`,
        {
          details: { path: NAMES[key], expected: `1 to ${limit} ${UNITS[key]}`, received: String(value) },
        },
      );
    }
    lowered[key] = value;
  }
  return checkMemory(lowered);
}

export function checkMemory(limits: Limits): Limits {
  if (limits.memoryBytes === 0 || limits.memoryBytes >= MIN_MEMORY_BYTES) return limits;
  throw new Fault(
    "ERR_INPUT_INVALID",
    `A memory limit of ${limits.memoryBytes} bytes is too small: an isolate needs at least ${MIN_MEMORY_BYTES} bytes (8mb).`,
    {
      details: { path: "--memory", expected: `at least ${MIN_MEMORY_BYTES}`, received: String(limits.memoryBytes) },
    },
  );
}
