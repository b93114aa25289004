// Places in a source text, as people count them: lines and columns from 1.
import ts from "typescript";
import type { Position } from "../module-record.ts";

export function startOf(source: ts.SourceFile, offset: number): Position {
  const { line, character } = ts.getLineAndCharacterOfPosition(source, Math.max(0, offset));
  return { line: line + 1, column: character + 1 };
}

/** The same from the text alone, without a syntax tree. */
export function placeIn(text: string, offset: number): Position {
  const lines = text.slice(0, offset).split(/\r\n|[\n\r\u2028\u2029]/);
  return { line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
}

/** Where a node of the source, or the node that an emitted one came from, begins; 1:1 for what the compiler made up. */
export function placeOf(node: ts.Node, source: ts.SourceFile): Position {
  const original = ts.getOriginalNode(node);
  if (original.pos < 0) return { line: 1, column: 1 };
  return startOf(source, original.getStart(source));
}

export function byPosition(a: Position, b: Position): number {
  return a.line - b.line || a.column - b.column;
}

/** The text of a string literal or of a template without substitutions. */
export function literalText(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

/** The expression under parentheses, `as`, `satisfies`, `!` and `<T>`. */
export function bareExpression(node: ts.Expression): ts.Expression {
  let bare = node;
  while (isWrapper(bare)) bare = bare.expression;
  return bare;
}

function isWrapper(node: ts.Expression): node is ts.ParenthesizedExpression | ts.AssertionExpression | ts.SatisfiesExpression | ts.NonNullExpression {
  return ts.isParenthesizedExpression(node) || ts.isAssertionExpression(node) || ts.isSatisfiesExpression(node) || ts.isNonNullExpression(node);
}
