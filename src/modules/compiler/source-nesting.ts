// How deep a source text nests, measured without recursion, so that measuring cannot overflow what it protects.
//
// Nesting is counted in nodes of the syntax tree, as people see it: the terms of `a + b + c`, the links of `a.b().c()` and
// the branches of `else if` stand beside each other and not in one another.
import ts from "typescript";
import type { SourceNesting } from "../module-record.ts";
import { startOf } from "./source-place.ts";

/** Of the deepest node. With `chains`, what stands beside each other for people counts as the compiler meets it: in one another. */
export function measureNesting(source: ts.SourceFile, { chains = false }: { readonly chains?: boolean } = {}): SourceNesting {
  let deepest: ts.Node = source;
  let depth = 0;
  const open: (readonly [node: ts.Node, depth: number])[] = [[source, 0]];
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    const [node, level] = top;
    if (level > depth) [deepest, depth] = [node, level];
    ts.forEachChild(node, (child) => {
      open.push([child, !chains && isBeside(child, node) ? level : level + 1]);
    });
  }
  return { depth, ...startOf(source, deepest === source ? 0 : deepest.getStart(source)) };
}

function isBeside(child: ts.Node, parent: ts.Node): boolean {
  switch (parent.kind) {
    case ts.SyntaxKind.BinaryExpression:
      return (parent as ts.BinaryExpression).left === child && child.kind === ts.SyntaxKind.BinaryExpression;
    case ts.SyntaxKind.PropertyAccessExpression:
    case ts.SyntaxKind.ElementAccessExpression:
    case ts.SyntaxKind.CallExpression:
    case ts.SyntaxKind.NonNullExpression:
      return (parent as ts.CallExpression).expression === child && isLink(child);
    case ts.SyntaxKind.IfStatement:
      return (parent as ts.IfStatement).elseStatement === child && child.kind === ts.SyntaxKind.IfStatement;
    default:
      return false;
  }
}

function isLink(node: ts.Node): boolean {
  return (
    node.kind === ts.SyntaxKind.PropertyAccessExpression ||
    node.kind === ts.SyntaxKind.ElementAccessExpression ||
    node.kind === ts.SyntaxKind.CallExpression ||
    node.kind === ts.SyntaxKind.NonNullExpression
  );
}

/** Of JSON text: arrays and objects in one another. The text may be broken. */
export function measureJsonNesting(text: string): { readonly depth: number; readonly offset: number } {
  let depth = 0;
  let deepest = 0;
  let offset = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') index = endOfString(text, index);
    else if (character === "[" || character === "{") {
      depth += 1;
      if (depth > deepest) [deepest, offset] = [depth, index];
    } else if (character === "]" || character === "}") depth -= 1;
  }
  return { depth: deepest, offset };
}

function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === "\\" ? 2 : 1;
  return index;
}
