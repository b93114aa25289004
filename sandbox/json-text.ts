// JSON text written by hand from strings and numbers. JSON.stringify on an object would call a `toJSON` that author
// code may have put on Object.prototype; on a string primitive it calls nothing.
import { stringifyJson } from "./intrinsics.ts";

/** A string as JSON text. */
export function quote(text: string): string {
  return stringifyJson(text);
}

/** An array as JSON text, from items that are JSON text already. */
export function listText(items: readonly string[]): string {
  let text = "[";
  for (let index = 0; index < items.length; index++) text += (index === 0 ? "" : ",") + items[index];
  return `${text}]`;
}

/** An object as JSON text, from values that are JSON text already; undefined ones are left out. */
export function recordText(entries: readonly (readonly [name: string, value: string | undefined])[]): string {
  let text = "";
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index] as readonly [string, string | undefined];
    if (entry[1] !== undefined) text += `${text === "" ? "" : ","}${quote(entry[0])}:${entry[1]}`;
  }
  return `{${text}}`;
}
