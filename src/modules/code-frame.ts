// The lines of source around a place, with the place marked. Loaded only when an error is shown.
import type { Position } from "./module-record.ts";

/** Two lines before to three after, without colour unless asked. Empty when the place is not in the source. */
export async function codeFrame(source: string, position: Position, options: { readonly color?: boolean } = {}): Promise<string> {
  const lines = source.split(/\r\n|[\n\r\u2028\u2029]/);
  if (position.line < 1 || position.line > lines.length) return "";
  const { codeFrameColumns } = await import("@babel/code-frame");
  // This library counts columns from 0.
  const start = { line: position.line, column: position.column - 1 };
  const color = options.color === true;
  return codeFrameColumns(source, { start }, { highlightCode: color, forceColor: color });
}
