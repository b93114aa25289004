// Finds many texts in another at once, in time that grows with its length alone (Aho and Corasick, 1975): whoever chooses
// both the text and what is looked for must not be able to hold this thread up, and regular expressions could be made to.

export interface Span {
  readonly start: number;
  readonly end: number;
  /** Which of the texts was found there: the longest where several overlap. */
  readonly index: number;
}

/**
 * Finds every occurrence of the texts, none shorter than two characters; those that overlap are one span. Also beginnings of
 * them, where the text was cut short there, which "…" says. In order.
 */
export type FindAll = (text: string) => readonly Span[];

const ROOT = 0;
const NONE = -1;
/** What stands where a text was cut short. */
const CUT = "…".charCodeAt(0);
/** A shorter beginning says nothing. */
const LEAST_BEGINNING = 4;

export function searchFor(texts: readonly string[]): FindAll {
  const most = texts.reduce((sum, { length }) => sum + length, 1);
  const steps = new Steps(most);
  const beginnings = new Uint8Array(1 << 16);
  /** A text that goes through a node. */
  const owners = new Int32Array(most);
  /** The longest text that ends at a node, if one does. */
  const ends = new Int32Array(most).fill(NONE);

  for (const [index, text] of texts.entries()) {
    beginnings[pairOf(text.charCodeAt(0), text.charCodeAt(1))] = 1;
    let node = ROOT;
    for (let at = 0; at < text.length; at++) {
      const next = steps.from(node, text.charCodeAt(at));
      node = next === NONE ? steps.add(node, text.charCodeAt(at)) : next;
      owners[node] = index;
    }
    ends[node] = index;
  }

  /** Where to go on when nothing follows: the longest end of what was read that is a beginning too. */
  const fallbacks = new Int32Array(most);
  for (const node of steps.byDepth()) {
    const code = steps.codeOf(node);
    let fallback = steps.parentOf(node);
    let next: number = NONE;
    while (fallback !== ROOT && next === NONE) {
      fallback = fallbacks[fallback] as number;
      next = steps.from(fallback, code);
    }
    fallbacks[node] = next === NONE ? ROOT : next;
    if (ends[node] === NONE) ends[node] = ends[fallbacks[node] ?? ROOT] ?? NONE;
  }

  return (text) => {
    const spans: Span[] = [];
    let node = ROOT;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      // Most places begin nothing: they cost no more than this. (Past the end, charCodeAt is NaN, and so 0 in bits.)
      if (node === ROOT && beginnings[pairOf(code, text.charCodeAt(at + 1))] === 0) continue;
      const begun = steps.depthOf(node);
      if (code === CUT && begun >= LEAST_BEGINNING) join(spans, { start: at - begun, end: at, index: owners[node] as number });
      let next = steps.from(node, code);
      while (next === NONE && node !== ROOT) {
        node = fallbacks[node] as number;
        next = steps.from(node, code);
      }
      node = next === NONE ? ROOT : next;
      const index = ends[node] as number;
      if (index !== NONE) join(spans, { start: at + 1 - (texts[index] as string).length, end: at + 1, index });
    }
    return spans;
  };

  function join(spans: Span[], found: Span): void {
    let { start, index } = found;
    for (let last = spans.at(-1); last !== undefined && start < last.end; last = spans.at(-1)) {
      spans.pop();
      start = Math.min(start, last.start);
      if ((texts[last.index] as string).length > (texts[index] as string).length) index = last.index;
    }
    spans.push({ start, end: found.end, index });
  }
}

function pairOf(first: number, second: number): number {
  return (Math.imul(first, 0x9e3b) ^ second) & 0xffff;
}

/** The steps of a trie in one hash table of plain numbers: a Map costs five times as much to ask. */
class Steps {
  readonly #mask: number;
  /** Which node stands in a slot of the table. */
  readonly #slots: Int32Array;
  /** By node. */
  readonly #parents: Int32Array;
  readonly #codes: Uint16Array;
  readonly #depths: Int32Array;
  #nodes = 1;

  constructor(mostNodes: number) {
    const size = 2 ** Math.ceil(Math.log2(mostNodes * 2 + 1));
    this.#mask = size - 1;
    this.#slots = new Int32Array(size).fill(NONE);
    this.#parents = new Int32Array(mostNodes);
    this.#codes = new Uint16Array(mostNodes);
    this.#depths = new Int32Array(mostNodes);
  }

  from(parent: number, code: number): number {
    return this.#slots[this.#slot(parent, code)] as number;
  }

  add(parent: number, code: number): number {
    const node = this.#nodes++;
    this.#slots[this.#slot(parent, code)] = node;
    this.#parents[node] = parent;
    this.#codes[node] = code;
    this.#depths[node] = (this.#depths[parent] as number) + 1;
    return node;
  }

  parentOf(node: number): number {
    return this.#parents[node] as number;
  }

  depthOf(node: number): number {
    return this.#depths[node] as number;
  }

  codeOf(node: number): number {
    return this.#codes[node] as number;
  }

  /** All but the root, those nearer to it first. */
  byDepth(): Int32Array {
    const depths = this.#depths;
    return Int32Array.from({ length: this.#nodes - 1 }, (_, index) => index + 1).toSorted((one, other) => (depths[one] as number) - (depths[other] as number));
  }

  #slot(parent: number, code: number): number {
    const mixed = Math.imul(parent, 0x9e3779b1) ^ Math.imul(code, 0x85ebca6b);
    let slot = (mixed ^ (mixed >>> 15)) & this.#mask;
    for (;;) {
      const node = this.#slots[slot] as number;
      if (node === NONE || (this.#parents[node] === parent && this.#codes[node] === code)) return slot;
      slot = (slot + 1) & this.#mask;
    }
  }
}
