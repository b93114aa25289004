// The two streams a command writes to. stdout is for the answer alone, stderr for people. Knows how a reader that went away
// is met (silently), whether colour is wanted, and how all that was written reaches its reader before the process ends.
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

export interface Terminal {
  /** The answer: exactly these characters. */
  out(text: string | Uint8Array): void;
  /** For people: exactly these characters. */
  err(text: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** Of stderr. */
  readonly columns: () => number;
  /** For text on stderr; unchanged where colour is not wanted. */
  readonly paint: Paint;
  /** Aborted when nobody reads stdout any more, or it takes nothing more. */
  readonly readerGone: AbortSignal;
  /** Why stdout took not all of the answer; undefined where it did, or its reader left of its own accord. Complete after `flush`. */
  readonly unwritten: () => Error | undefined;
  flush(): Promise<void>;
}

export type Paint = (style: Style, text: string) => string;

export const plain: Paint = (_style, text) => text;

export interface TerminalOptions {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly noColor: boolean;
}

export function openTerminal({ stdout, stderr, noColor }: TerminalOptions): Terminal {
  const gone = new AbortController();
  const lose = (error?: Error | null): void => {
    if (error) gone.abort(error);
  };
  stdout.on("error", lose);
  let deaf = false;
  stderr.on("error", () => (deaf = true));
  const colour = stderr.isTTY && !noColor;
  return {
    // The callback too: it is called before the event, which may come after the flush.
    out: (text) => void (gone.signal.aborted || stdout.write(text, lose)),
    err: (text) => void (deaf || stderr.write(text)),
    outIsTerminal: stdout.isTTY,
    errIsTerminal: stderr.isTTY,
    columns: () => stderr.columns || 80,
    paint: colour ? (style, text) => styleText(style, text, { validateStream: false }) : plain,
    readerGone: gone.signal,
    unwritten: () => (gone.signal.aborted && !leftOfItsOwn(gone.signal.reason) ? (gone.signal.reason as Error) : undefined),
    flush: async () => void (await Promise.all([flushed(stdout, gone.signal.aborted), flushed(stderr, deaf)])),
  };
}

function leftOfItsOwn(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EPIPE" || code === "ECONNRESET";
}

function flushed(stream: NodeJS.WriteStream, gone: boolean): Promise<void> {
  // An empty write is done when all before it is; for a reader that left, the callback gets the error.
  return gone ? Promise.resolve() : new Promise((resolve) => void stream.write("", () => resolve()));
}

/** Author's text made safe to show: what would move the cursor or change colours is written out. Line breaks and tabs stay. */
export function visible(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) =>
    character === "\r" ? "" : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/** Several lines of an author's as one thing: none of them begins where a line of ours begins. */
export function visibleBlock(text: string): string {
  return visible(text).replaceAll("\n", "\n  ");
}

/** JSON text that says the same, without the control characters that JSON lets stand: some terminals obey those above U+007F too. */
export function visibleJson(json: string): string {
  return json.replace(/[\u007f-\u009f]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}
