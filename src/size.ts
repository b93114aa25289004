// An amount of memory as a person writes it: 64mb, 128mb, 1gb, 512kb; a number alone is bytes. 1 kb is 1024 bytes.
import { Fault } from "./errors.ts";

const UNIT_BYTES = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 } as const;

/** Bytes; 0 means none, where there may be none. Throws ERR_INPUT_INVALID, naming the option. */
export function parseSize(text: string, option: string, { mayBeNone = true }: { readonly mayBeNone?: boolean } = {}): number {
  const [, number, unit = "b"] = /^(\d+(?:\.\d+)?|\.\d+)\s*(?:([kmg])i?b?|b)?$/.exec(text.trim().toLowerCase()) ?? [];
  if (number === undefined) throw wrong(text, { option, mayBeNone });
  const bytes = Math.ceil(Number(number) * UNIT_BYTES[unit as keyof typeof UNIT_BYTES]);
  if (!Number.isSafeInteger(bytes)) throw wrong(text, { option, mayBeNone });
  return bytes;
}

/** For people: 512 bytes, 1.5 kb, 128 mb. */
export function formatSize(bytes: number): string {
  if (bytes < 1024) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  const [unit, name] = bytes < 1024 ** 2 ? [1024, "kb"] : bytes < 1024 ** 3 ? [1024 ** 2, "mb"] : [1024 ** 3, "gb"];
  return `${Number((bytes / unit).toFixed(1))} ${name}`;
}

function wrong(text: string, { option, mayBeNone }: { readonly option: string; readonly mayBeNone: boolean }): Fault {
  const expected = `a size such as 64mb, 512kb or 1gb (a number alone is bytes${mayBeNone ? ", 0 is none" : ""})`;
  return new Fault("ERR_INPUT_INVALID", `${option} is ${JSON.stringify(text)}; expected ${expected}.`, {
    name: "UsageError",
    details: { path: option, expected, received: text },
  });
}
