// JSON that is passed on as the text it is: neither read into values, which rounds numbers, nor written again.

/** Text that is known to be JSON. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The text of a body's raw member, `{}` where there was none. */
export function inputTextOf(member: unknown): string {
  return member instanceof JsonText ? member.text : "{}";
}

/** JSON of an object, with one member more. */
export function withRawMember(value: object, name: string, raw: string | undefined): string {
  const text = JSON.stringify(value);
  if (raw === undefined) return text;
  return `${text.slice(0, -1)}${text === "{}" ? "" : ","}${JSON.stringify(name)}:${raw}}`;
}

export interface Member {
  readonly name: string;
  readonly text: string;
}

/** The members of an object in the order they stand in, also those of one name. `json` must be the valid JSON text of an object. */
export function membersOf(json: string): readonly Member[] {
  const members: Member[] = [];
  let at = afterSpace(json, afterSpace(json, 0) + 1);
  while (json.charCodeAt(at) !== CLOSE_BRACE) {
    const nameEnd = afterString(json, at);
    const name = JSON.parse(json.slice(at, nameEnd)) as string;
    const start = afterSpace(json, afterSpace(json, nameEnd) + 1);
    const end = afterValue(json, start);
    members.push({ name, text: json.slice(start, end) });
    at = afterSpace(json, end);
    if (json.charCodeAt(at) === COMMA) at = afterSpace(json, at + 1);
  }
  return members;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SPACE = 0x20;

function afterSpace(json: string, from: number): number {
  let at = from;
  // In valid JSON nothing else outside of strings is as low as this.
  while (json.charCodeAt(at) <= SPACE) at += 1;
  return at;
}

function afterString(json: string, from: number): number {
  for (let at = from + 1; ; at += 1) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at += 1;
  }
}

function afterValue(json: string, from: number): number {
  const first = json.charCodeAt(from);
  if (first === QUOTE) return afterString(json, from);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return afterWord(json, from);
  let depth = 0;
  for (let at = from; ; at += 1) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = afterString(json, at) - 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1;
    else if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && (depth -= 1) === 0) return at + 1;
  }
}

/** A number, true, false or null. */
function afterWord(json: string, from: number): number {
  let at = from;
  for (let code = json.charCodeAt(at); code > SPACE && code !== COMMA && code !== CLOSE_BRACE; code = json.charCodeAt(at)) at += 1;
  return at;
}
