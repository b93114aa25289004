// The asynchronous functions that the process of a room answers itself; others are its supervisor's. An answer is data; a
// failure is data too, because a promise that rejects before its first await would end this process whatever the author
// does with it.
import { createHash } from "node:crypto";

export interface CapabilityAnswer {
  readonly ok: boolean;
  /** The answer; where it is not ok, JSON of {name, message, code?}. */
  readonly text: string;
}

const DIGESTS: ReadonlyMap<string, string> = new Map([
  ["SHA-1", "sha1"],
  ["SHA-256", "sha256"],
  ["SHA-384", "sha384"],
  ["SHA-512", "sha512"],
]);

function failure(name: string, message: string): CapabilityAnswer {
  return { ok: false, text: JSON.stringify({ name, message }) };
}

export function isAnsweredHere(name: string): boolean {
  return name === "digest";
}

/** Never throws. */
export function callCapability(name: string, argument: string): CapabilityAnswer {
  const { algorithm, base64 } = parsed(argument);
  if (name !== "digest" || typeof algorithm !== "string" || typeof base64 !== "string")
    return failure("TypeError", `The host function ${name} was called with an argument of the wrong shape`);
  const digest = DIGESTS.get(algorithm);
  if (digest === undefined) return failure("NotSupportedError", `Unrecognized algorithm name: ${algorithm.slice(0, 100)}`);
  return { ok: true, text: createHash(digest).update(Buffer.from(base64, "base64")).digest("base64") };
}

function parsed(argument: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(argument);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
