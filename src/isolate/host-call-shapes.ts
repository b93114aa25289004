// What the room's calls to the host must look like. The room's own code makes them, so that one of another shape is a
// defect of ours, or author code that got where it must not be: it is not believed either way.
import type { Host } from "../../sandbox/host.d.ts";
import { MAX_DELAY_MS } from "./deadline.ts";

type Field = (value: unknown) => boolean;

/** Every call's arguments in order; none more. */
const SHAPES: Readonly<Record<keyof Host, readonly Field[]>> = {
  log: [oneOf("debug", "info", "warn", "error"), text(2 ** 27), optional(text(2 ** 24))],
  startTimer: [id, wholeNumber(0, MAX_DELAY_MS)],
  stopTimer: [id],
  limitWall: [isAmount],
  call: [id, text(64), text(2 ** 26)],
  importModule: [id, text(2048), text(2048)],
  exceeded: [oneOf("pendingCalls", "totalCalls", "resultBytes"), isAmount],
  now: [],
  randomBytes: [wholeNumber(0, 65_536)],
};

export function fitsHostCall(name: keyof Host, values: readonly unknown[]): boolean {
  const shape = SHAPES[name];
  return values.length <= shape.length && shape.every((fits, index) => fits(values[index]));
}

/** The parts of a log line from their JSON text; undefined where it is something else. */
export function parseLogParts(parts: string): readonly string[] | undefined {
  try {
    const list: unknown = JSON.parse(parts);
    return Array.isArray(list) && list.every((part) => typeof part === "string") ? list : undefined;
  } catch {
    return undefined;
  }
}

function text(longest: number): Field {
  return (value) => typeof value === "string" && value.length <= longest;
}

function optional(fits: Field): Field {
  return (value) => value === undefined || fits(value);
}

function oneOf(...texts: readonly string[]): Field {
  return (value) => texts.includes(value as string);
}

function wholeNumber(least: number, most: number): Field {
  return (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** The room counts them from 1. */
function id(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isAmount(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0;
}
