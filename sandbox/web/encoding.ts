// TextEncoder and TextDecoder, with every encoding of the standard.

declare function require(name: string): unknown;

export function createEncoding(): object {
  return require("@exodus/bytes/encoding.js") as object;
}
