// Text that authors write can hold U+0000 and halves of surrogate pairs; PostgreSQL's text can hold neither, and one
// such letter would fail a whole statement. These functions make any string storable and give back the same string.

const MARK = "\u0001json:";

/** For text columns: ordinary strings stay as they are; the others become a marked JSON literal. Equal strings stay equal. */
export function encodeText(text: string): string {
  const ordinary = text.isWellFormed() && !text.includes("\u0000") && !text.startsWith(MARK);
  return ordinary ? text : MARK + JSON.stringify(text);
}

export function decodeText(stored: string): string {
  return stored.startsWith(MARK) ? (JSON.parse(stored.slice(MARK.length)) as string) : stored;
}

/** Beyond this a server may refuse JSON (PostgreSQL from some 13,000 levels), and the embedded database drops the statement without a word. */
const MAX_DEPTH = 1_000;
/** How the literal begins that stands for JSON nested too deep. */
const DEEP = "\u0001deep:";
const DEEP_LITERAL = JSON.stringify(DEEP).slice(0, -1);

/** For json columns: text that means the same and that every server takes. `originalJson` gives back the text. */
export function storableJson(json: string): string {
  // Lone surrogates can only stand in string literals, where an escape means the same.
  const text = json.isWellFormed() ? json : json.replace(/\p{Surrogate}/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`);
  return isDeep(text) || text.startsWith(DEEP_LITERAL) ? JSON.stringify(DEEP + text) : text;
}

export function originalJson(stored: string): string {
  return stored.startsWith(DEEP_LITERAL) ? (JSON.parse(stored) as string).slice(DEEP.length) : stored;
}

function isDeep(json: string): boolean {
  // Each level takes two letters: most texts are too short to be looked through.
  if (json.length <= 2 * MAX_DEPTH) return false;
  let depth = 0;
  for (let index = 0; index < json.length; index += 1) {
    const letter = json[index];
    if (letter === '"') index = endOfString(json, index);
    else if (letter === "[" || letter === "{") depth += 1;
    else if (letter === "]" || letter === "}") depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

/** Index of the quotation mark that ends the string which begins at `start`. */
function endOfString(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); ; end = json.indexOf('"', end + 1)) {
    if (end < 0) return json.length;
    let backslashes = 0;
    while (json[end - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
}
