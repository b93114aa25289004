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

/** For json columns: JSON text whose lone surrogates, if any, are written as escapes. They can only stand in string literals. */
export function storableJson(json: string): string {
  if (json.isWellFormed()) return json;
  return json.replace(/\p{Surrogate}/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`);
}
