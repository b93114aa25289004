// UTF-8 for the URL library, which would take it from the globals that author code may replace.

declare function require(name: string): unknown;

interface Utf8 {
  utf8fromStringLoose(text: string): Uint8Array;
  utf8toStringLoose(bytes: Uint8Array): string;
}

export function utf8Encode(text: string): Uint8Array {
  return (require("@exodus/bytes/utf8.js") as Utf8).utf8fromStringLoose(text);
}

export function utf8DecodeWithoutBOM(bytes: Uint8Array): string {
  return (require("@exodus/bytes/utf8.js") as Utf8).utf8toStringLoose(bytes);
}
