// Text from where an argument says it is: `@FILE`, `env:NAME`, or `-` for standard input. Secrets come this way alone, for
// every user of the machine can read the command line of every process, and shells keep it in their history.
import { readFile } from "node:fs/promises";
import type { Fault } from "../errors.ts";

export interface TextSources {
  /** Of the environment; undefined where it is not set. */
  readonly variable: (name: string) => string | undefined;
  /** Where it may be read. */
  readonly stdin?: (() => AsyncIterable<Uint8Array>) | undefined;
}

/** The fault for a source that gives nothing; `why` goes on after what was to be read, such as `, which is empty`. */
export type Refuse = (why: string) => Fault;

/** Without the line break that editors and `echo` put at the end. Undefined for an argument that is no source. Rejects with what `refuse` makes. */
export async function readSource(source: string, { variable, stdin }: TextSources, refuse: Refuse): Promise<string | undefined> {
  if (source === "-" && stdin !== undefined) return textOf(await readAll(stdin()), "standard input", refuse);
  if (source.startsWith("@")) return await readTextFile(source.slice(1), refuse);
  if (!source.startsWith("env:")) return undefined;
  const name = source.slice("env:".length);
  const value = variable(name);
  if (value !== undefined && value !== "") return value;
  throw refuse(`the environment variable ${JSON.stringify(name)}, which is ${value === "" ? "empty" : "not set"}`);
}

async function readTextFile(path: string, refuse: Refuse): Promise<string> {
  const name = `the file ${JSON.stringify(path)}`;
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw refuse(`${name}, which cannot be read: ${code ?? message}`);
  }
  return textOf(bytes, name, refuse);
}

function textOf(bytes: Uint8Array, name: string, refuse: Refuse): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refuse(`${name}, which is not UTF-8 text`);
  }
  const value = text.replace(/\r?\n$/, "");
  if (value === "") throw refuse(`${name}, which is empty`);
  return value;
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
