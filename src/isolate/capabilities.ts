// The asynchronous functions that the host lends to every room. An answer is data; a failure is data too, because a
// promise that rejects before its first await would end this process whatever the author does with it.
import { createHash } from "node:crypto";

export interface CapabilityAnswer {
  readonly ok: boolean;
  /** The answer; where it is not ok, JSON of {name, message}. */
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

function digest(argument: string): CapabilityAnswer {
  const { algorithm, base64 } = JSON.parse(argument) as { algorithm: string; base64: string };
  const name = DIGESTS.get(algorithm);
  if (name === undefined) return failure("NotSupportedError", `Unrecognized algorithm name: ${algorithm}`);
  return { ok: true, text: createHash(name).update(Buffer.from(base64, "base64")).digest("base64") };
}

export async function callCapability(name: string, argument: string): Promise<CapabilityAnswer> {
  try {
    if (name === "digest") return digest(argument);
    return failure("TypeError", `There is no host function named ${name}`);
  } catch {
    return failure("TypeError", `The host function ${name} was called with an argument of the wrong shape`);
  }
}
