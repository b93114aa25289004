// A first look at how deep a text nests, from its tokens alone: what is far too deep is refused before the parser, which
// recurses, has met it. It may count too little, and then the parser's own stack is the bound; it must not count too much.
import ts from "typescript";
import type { ScriptKind, SourceNesting } from "../module-record.ts";
import { placeIn } from "./source-place.ts";

const K = ts.SyntaxKind;

const OPENING: ReadonlySet<ts.SyntaxKind> = new Set([K.OpenParenToken, K.OpenBracketToken, K.OpenBraceToken, K.TemplateHead]);
const CLOSING: ReadonlySet<ts.SyntaxKind> = new Set([K.CloseParenToken, K.CloseBracketToken, K.CloseBraceToken, K.TemplateTail]);

/** What stands after one of these is inside of it, until the list, the statement or the line ends. */
const TAKES_THE_REST: ReadonlySet<ts.SyntaxKind> = new Set([
  K.ExclamationToken,
  K.TildeToken,
  K.TypeOfKeyword,
  K.VoidKeyword,
  K.DeleteKeyword,
  K.AwaitKeyword,
  K.YieldKeyword,
  K.NewKeyword,
  K.KeyOfKeyword,
  K.ReadonlyKeyword,
  K.QuestionToken,
  K.EqualsGreaterThanToken,
  K.EqualsToken,
  K.AsteriskAsteriskToken,
  K.IfKeyword,
  K.ForKeyword,
  K.WhileKeyword,
  K.DoKeyword,
  K.LessThanToken,
]);

/** A line break after anything else may end a statement. */
const GOES_ON: ReadonlySet<ts.SyntaxKind> = new Set([...TAKES_THE_REST, K.PlusToken, K.MinusToken, K.ColonToken]);

/** After one of these, `/` divides and `+` adds. */
const OPERANDS: ReadonlySet<ts.SyntaxKind> = new Set([
  K.Identifier,
  K.PrivateIdentifier,
  K.NumericLiteral,
  K.BigIntLiteral,
  K.StringLiteral,
  K.RegularExpressionLiteral,
  K.NoSubstitutionTemplateLiteral,
  K.TemplateTail,
  K.CloseParenToken,
  K.CloseBracketToken,
  K.CloseBraceToken,
  K.ThisKeyword,
  K.SuperKeyword,
  K.NullKeyword,
  K.TrueKeyword,
  K.FalseKeyword,
  K.PlusPlusToken,
  K.MinusMinusToken,
]);

interface Bracket {
  readonly template: boolean;
  /** How many of TAKES_THE_REST are open in it. */
  rest: number;
}

/** How deep the tokens get, and where they pass `limit`; undefined where they do not. JSX, whose text has no tokens, is not judged. */
export function scanNesting(text: string, { kind, limit }: { readonly kind: ScriptKind; readonly limit: number }): SourceNesting | undefined {
  // Each level takes a character.
  if (text.length <= limit || (limit > 0 && kind !== "ts" && kind !== "js")) return undefined;
  try {
    return scan(text, { kind, limit });
  } catch (error) {
    // A single token may be too much for the scanner, such as a number of a million digits: the parser meets it again.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function scan(text: string, { kind, limit }: { readonly kind: ScriptKind; readonly limit: number }): SourceNesting | undefined {
  const scanner = ts.createScanner(ts.ScriptTarget.ES2024, true, ts.LanguageVariant.Standard, text);
  const brackets: Bracket[] = [{ template: false, rest: 0 }];
  let depth = 0;
  let deepest = 0;
  let at = 0;
  let before: ts.SyntaxKind = K.Unknown;

  for (let token = scanner.scan(); token !== K.EndOfFileToken; token = scanner.scan()) {
    const inner = brackets.at(-1) as Bracket;
    if (token === K.CloseBraceToken && inner.template) token = scanner.reScanTemplateToken(false);
    if ((token === K.SlashToken || token === K.SlashEqualsToken) && !isOperand(before)) token = scanner.reScanSlashToken();
    if (token === K.CommaToken || token === K.SemicolonToken || (scanner.hasPrecedingLineBreak() && !GOES_ON.has(before))) letGo(inner);
    if (OPENING.has(token)) open(token === K.TemplateHead);
    else if (CLOSING.has(token)) {
      close();
      // A statement may end with it.
      if (token === K.CloseBraceToken) letGo(brackets.at(-1) as Bracket);
    } else if (token === K.TemplateMiddle) letGo(inner);
    else if (takesTheRest(token)) {
      inner.rest += 1;
      deepen();
    }
    before = token;
  }
  if (deepest <= limit) return undefined;
  return { depth: deepest, ...placeIn(text, at) };

  function takesTheRest(token: ts.SyntaxKind): boolean {
    // In JavaScript it may begin an element.
    if (token === K.LessThanToken) return kind === "ts";
    return TAKES_THE_REST.has(token) || ((token === K.PlusToken || token === K.MinusToken) && !isOperand(before));
  }

  function deepen(): void {
    depth += 1;
    if (depth <= deepest) return;
    deepest = depth;
    if (depth <= limit + 1) at = scanner.getTokenStart();
  }

  function open(template: boolean): void {
    brackets.push({ template, rest: 0 });
    deepen();
  }

  function close(): void {
    letGo(brackets.at(-1) as Bracket);
    if (brackets.length === 1) return;
    brackets.pop();
    depth -= 1;
  }

  function letGo(bracket: Bracket): void {
    depth -= bracket.rest;
    bracket.rest = 0;
  }
}

/** Names are operands, and so are the keywords that may be names. */
function isOperand(token: ts.SyntaxKind): boolean {
  return OPERANDS.has(token) || (token >= K.AbstractKeyword && token <= K.LastKeyword && !TAKES_THE_REST.has(token));
}
