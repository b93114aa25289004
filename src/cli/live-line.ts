// The line at the foot of a terminal that says a run is going on: what, for how long, the last it said. Everything else
// on stderr is written above it. In a pipe there is none.
import { formatDuration } from "../duration.ts";
import { visible, type Paint, type Terminal } from "./terminal.ts";

export interface LiveLine extends Disposable {
  /** The last thing the run said. */
  note(text: string): void;
  /** Writes to stderr without tearing the line. */
  above(text: string): void;
  /** Takes the line away, for good. */
  stop(): void;
}

const FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const EVERY_MS = 80;
const CLEAR = "\r\u001b[K";

/** Undrawn at first: a run that ends within the first tick never shows one. */
export function startLiveLine(title: string, terminal: Terminal): LiveLine {
  const begun = performance.now();
  let last = "";
  let ticks = 0;
  let drawn = false;
  const timer = setInterval(draw, EVERY_MS);
  timer.unref();
  return { note: (text) => (last = text), above, stop, [Symbol.dispose]: stop };

  function draw(): void {
    ticks += 1;
    drawn = true;
    const text = liveText({ title, elapsedMs: performance.now() - begun, last, columns: terminal.columns() - 3 }, terminal.paint);
    terminal.err(`${CLEAR}${terminal.paint("cyan", FRAMES[ticks % FRAMES.length] ?? "")} ${text}`);
  }

  function clear(): void {
    if (drawn) terminal.err(CLEAR);
    drawn = false;
  }

  function above(text: string): void {
    clear();
    terminal.err(text);
  }

  function stop(): void {
    clearInterval(timer);
    clear();
  }
}

export interface LiveFacts {
  readonly title: string;
  readonly elapsedMs: number;
  readonly last: string;
  readonly columns: number;
}

/** Cut to the columns there are. */
export function liveText({ title, elapsedMs, last, columns }: LiveFacts, paint: Paint): string {
  const whole = Math.floor(elapsedMs / 100) * 100;
  const head = cut(`${title}  ${formatDuration(whole)}`, columns);
  const room = columns - head.length - 2;
  const tail = room < 4 ? "" : cut(last.split("\n")[0] ?? "", room);
  return tail === "" ? head : `${head}  ${paint("dim", tail)}`;
}

/** Whole characters only; a wide one may still take two columns. */
function cut(text: string, columns: number): string {
  return Array.from(visible(text)).slice(0, columns).join("");
}

/** The same interface where there is no terminal, or no wish for it. */
export function noLiveLine(terminal: Terminal): LiveLine {
  return { note: () => undefined, above: (text) => terminal.err(text), stop: () => undefined, [Symbol.dispose]: () => undefined };
}
