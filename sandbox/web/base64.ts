// atob and btoa, as the HTML standard has them.
import { DOMException } from "./dom-exception.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function btoa(...values: unknown[]): string {
  if (values.length === 0) throw new TypeError('The "data" argument must be specified');
  const text = `${values[0] as string}`;
  let encoded = "";
  for (let index = 0; index < text.length; index += 3) {
    const bits = (byteAt(text, index) << 16) | (byteAt(text, index + 1) << 8) | byteAt(text, index + 2);
    const rest = text.length - index;
    encoded +=
      ALPHABET.charAt(bits >> 18) +
      ALPHABET.charAt((bits >> 12) & 63) +
      (rest > 1 ? ALPHABET.charAt((bits >> 6) & 63) : "=") +
      (rest > 2 ? ALPHABET.charAt(bits & 63) : "=");
  }
  return encoded;
}

export function atob(...values: unknown[]): string {
  if (values.length === 0) throw new TypeError('The "data" argument must be specified');
  let text = `${values[0] as string}`.replace(/[\t\n\f\r ]+/g, "");
  if (text.length % 4 === 0) text = text.replace(/==?$/, "");
  if (text.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(text))
    throw new DOMException("The string to be decoded is not correctly encoded.", "InvalidCharacterError");
  let decoded = "";
  let bits = 0;
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    bits = ((bits << 6) | ALPHABET.indexOf(text.charAt(index))) & 0xffffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    decoded += String.fromCharCode((bits >> count) & 255);
  }
  return decoded;
}

function byteAt(text: string, index: number): number {
  if (index >= text.length) return 0;
  const code = text.charCodeAt(index);
  if (code > 255) throw new DOMException("Invalid character", "InvalidCharacterError");
  return code;
}
