// One position looked up in a source map (v3) by reading its text. Nothing is decoded ahead or kept: an author's module of
// 1 MB may have a map of 5 MB, which decoded is a hundred, and its positions stand in whatever an author writes.
import type { Position } from "./module-record.ts";

/** How many characters of maps may still be read. */
export interface ReadingAllowance {
  characters: number;
}

const MAPPINGS = '"mappings":"';
const QUOTE = 34;
const COMMA = 44;
const SEMICOLON = 59;

const DIGITS = new Uint8Array(128);
for (const [value, character] of Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/").entries())
  DIGITS[character.charCodeAt(0)] = value;

interface Segment {
  readonly column: number;
  /** Undefined where the code comes from no source. */
  readonly source: Position | undefined;
}

/**
 * Where the JavaScript at `position` (1-based) came from: by the last segment of its line that begins at or before it, else
 * by the first after it. Undefined where there is none, and where `allowance`, which it lowers by what it reads, is used up.
 */
export function lookUp(map: string, position: Position, allowance: ReadingAllowance): Position | undefined {
  const start = map.indexOf(MAPPINGS);
  if (start < 0 || allowance.characters <= 0) return undefined;
  const reader = new MappingsReader(map, start + MAPPINGS.length);
  const column = position.column - 1;
  let below: Segment | undefined;
  /** Several segments may begin at one column. */
  let first: Segment | undefined;
  let last: Segment | undefined;
  let above: Segment | undefined;
  for (let segment = reader.firstOf(position.line); segment !== undefined && above === undefined; segment = reader.next()) {
    if (segment.column < column) below = segment;
    else if (segment.column > column) above = segment;
    else [first, last] = [first ?? segment, segment];
  }
  allowance.characters -= reader.at - start;
  return (first ?? below)?.source ?? (last ?? above)?.source;
}

/** Segments in their order. Each number is the difference to the one before. */
class MappingsReader {
  at: number;
  readonly #text: string;
  #line = 1;
  #column = 0;
  #sourceLine = 0;
  #sourceColumn = 0;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  firstOf(line: number): Segment | undefined {
    while (this.#line < line) {
      while (this.next() !== undefined) {
        // Only read: what follows is told by differences.
      }
      if (this.#text.charCodeAt(this.at) !== SEMICOLON) return undefined;
      this.at += 1;
      this.#line += 1;
      this.#column = 0;
    }
    return this.next();
  }

  /** Undefined at the end of the line. */
  next(): Segment | undefined {
    while (this.#text.charCodeAt(this.at) === COMMA) this.at += 1;
    if (this.#isAtEnd()) return undefined;
    this.#column += this.#number();
    if (this.#isAtEnd()) return { column: this.#column, source: undefined };
    // The source itself: there is one.
    this.#number();
    this.#sourceLine += this.#number();
    this.#sourceColumn += this.#number();
    // A name.
    if (!this.#isAtEnd()) this.#number();
    return { column: this.#column, source: { line: this.#sourceLine + 1, column: this.#sourceColumn + 1 } };
  }

  #isAtEnd(): boolean {
    const code = this.#text.charCodeAt(this.at);
    return code === COMMA || code === SEMICOLON || code === QUOTE || Number.isNaN(code);
  }

  /** Base 64, five bits a letter, the lowest first; the lowest of all is the sign. */
  #number(): number {
    let value = 0;
    for (let shift = 0; !this.#isAtEnd(); shift += 5) {
      const digit = DIGITS[this.#text.charCodeAt(this.at)] ?? 0;
      this.at += 1;
      value |= (digit & 31) << shift;
      if (digit < 32) break;
    }
    return (value & 1) === 1 ? -(value >>> 1) : value >>> 1;
  }
}
