// A module's bytes as text. Modules are UTF-8; anything else is a failure to be named, not to be guessed at.

/** Undefined when the bytes are not UTF-8. A byte order mark is dropped: columns are as an editor shows them. */
export function decodeSource(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
