// The texts in which a secret can stand in what a run gives out: as it is, and as the usual encodings write it. What an
// author makes of a secret on purpose, backwards or letter by letter, nobody can know.
import { LEAST_SECRET_CHARACTERS } from "../workspace/config-checks.ts";

/** A line of a longer secret: keys and certificates are printed line by line. Shorter ones are punctuation more often than not. */
const LEAST_LINE_CHARACTERS = 8;
/** Files rather than words: what is so long is looked for as it is, in JSON and by its lines. */
const MOST_ENCODED_CHARACTERS = 4096;
/** What a part of base64 text must have to mean something. */
const LEAST_PART_CHARACTERS = 8;

/** About how many characters there are to be looked for of it, in all its forms; found by measuring. */
export function searchedCharacters({ length }: string): number {
  return length * (length > MOST_ENCODED_CHARACTERS ? 2 : 16);
}

/** Empty for a value that is too short, or blank. */
export function formsOf(secret: string): readonly string[] {
  if (secret.length < LEAST_SECRET_CHARACTERS || secret.trim() === "") return [];
  const trimmed = secret.trim();
  const lines = trimmed.split(/[\r\n]+/).map((line) => line.trim());
  const plain = [secret, trimmed, ...(lines.length > 1 ? lines.filter(({ length }) => length >= LEAST_LINE_CHARACTERS) : [])];
  const forms = new Set(plain);
  if (secret.length > MOST_ENCODED_CHARACTERS) forms.add(inJson(secret));
  for (const text of plain) if (text.length <= MOST_ENCODED_CHARACTERS) for (const form of escapedForms(text)) forms.add(form);
  if (secret.length <= MOST_ENCODED_CHARACTERS) for (const text of [secret, trimmed]) for (const form of base64Forms(text)) forms.add(form);
  return [...forms].filter(({ length }) => length >= LEAST_SECRET_CHARACTERS);
}

/** In JSON, in what the console prints, and in URLs. */
function escapedForms(text: string): readonly string[] {
  const printed = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t");
  const whole = text.toWellFormed();
  const urls = [encodeURIComponent(whole), encodeURI(whole), new URLSearchParams({ "": whole }).toString().slice(1)];
  return [inJson(text), printed, printed.replaceAll("'", "\\'"), ...urls, ...urls.map((url) => url.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))];
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Whole, and as it stands inside of something longer, such as `user:password`: the characters that no neighbour has a part in. */
function base64Forms(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const padded = bytes.toString("base64");
  const parts = [0, 1, 2].map((before) => {
    const firstOwn = Math.ceil((before * 8) / 6);
    const endOwn = Math.floor(((before + bytes.length) * 8) / 6);
    return Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .slice(firstOwn, endOwn);
  });
  const forms = [padded, padded.replace(/=+$/, ""), ...parts.filter(({ length }) => length >= LEAST_PART_CHARACTERS)];
  return [...forms, ...forms.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))];
}
