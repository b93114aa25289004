// The one thing on stdout: a value as JSON and a line break. For a person it is indented, for a program it is one line.
import { visibleJson } from "./terminal.ts";

/** A result of undefined is null. */
export function resultText(value: unknown, { indent }: { readonly indent: boolean }): string {
  return `${visibleJson(JSON.stringify(value ?? null, undefined, indent ? 2 : undefined))}\n`;
}
