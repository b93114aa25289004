// Maps V8 stack texts of the room to the author's TypeScript, lazily: only when an error is shown (B13).
// Frames that are not the author's are dropped, so that no name of a host file crosses to an author.
import type { StackFrame } from "../completion.ts";
import type { MappedStack } from "../execution-error.ts";
import type { Position } from "./module-record.ts";
import { lookUp } from "./source-map-lookup.ts";
import { WORKSPACE_URL } from "./specifier.ts";

/** What must be known of a module; a ClosureModule is one. */
export interface MappedModule {
  readonly hash: string;
  readonly compiled: { readonly map: string };
}

export type ModuleOf = (path: string) => MappedModule | undefined;

/** Characters of source maps read for one execution: a fraction of a second, and thousands of places in ordinary modules. */
const MAX_READ = 64 * 1024 * 1024;
const MAX_KNOWN = 1000;

/**
 * What one execution's mapping has cost and found. Author code writes what looks like places as often as it may log: the
 * same place is looked up once, and once so much has been read that it is enough, places are told by their path alone.
 */
export class MappingMemory {
  readonly #allowance = { characters: MAX_READ };
  readonly #known = new Map<string, Position | undefined>();

  /** Undefined for what no source became, and for what is not looked up any more. */
  lookUp(key: string, map: string, position: Position): Position | undefined {
    if (this.#known.has(key)) return this.#known.get(key);
    const found = lookUp(map, position, this.#allowance);
    if (this.#known.size < MAX_KNOWN) this.#known.set(key, found);
    return found;
  }
}

/**
 * `workspace:///a path.ts:12:34`, ended by what V8 puts after it. Authors write such texts too, and may wish us long at
 * them: no path goes over the beginning of another, so that the work grows with the text and not with its square.
 */
const LOCATION = /workspace:\/\/\/((?:(?!workspace:\/\/\/).)+?):(\d{1,10}):(\d{1,10})(?=[),\]]|\s|$)/g;
/** V8 gives ten unless the author asks for more. */
const MAX_FRAMES = 1000;
const FRAME = /^ {4}at /;
/** Frames without a file of anyone's: `at Array.map (<anonymous>)`, `at async Promise.all (index 0)`. */
const PLACELESS = /\((?:<anonymous>|native|index \d+)\)$|^ {4}at (?:async )?<anonymous>$/;

export function mapStack(stackText: string, moduleOf: ModuleOf, memory = new MappingMemory()): MappedStack {
  const lines: string[] = [];
  const frames: StackFrame[] = [];
  let seen = 0;
  for (const line of stackText.split("\n")) {
    if (FRAME.test(line) && ++seen > MAX_FRAMES) continue;
    if (!FRAME.test(line)) lines.push(mapText(line, moduleOf, memory));
    else if (line.includes(WORKSPACE_URL)) addFrame(line);
    else if (PLACELESS.test(line)) lines.push(line);
  }
  return { stack: lines.join("\n"), frames };

  function addFrame(line: string): void {
    const location = [...line.matchAll(LOCATION)].at(-1);
    if (location === null || location === undefined) return;
    const found = locate(location, { moduleOf, memory });
    if (found === undefined) return;
    lines.push(mapText(line, moduleOf, memory));
    if (found.hash === undefined) return;
    const functionName = functionNameIn(line);
    frames.push({ path: found.path, line: found.line, column: found.column, hash: found.hash, ...(functionName !== undefined && { functionName }) });
  }
}

// `at async Thing.run [as go] (workspace:///…)`, `at eval (eval at f (…), …)`; none in `at workspace:///…`.
function functionNameIn(line: string): string | undefined {
  const text = line.replace(FRAME, "").replace(/^async /, "");
  return text.startsWith(WORKSPACE_URL) ? undefined : /^(.+?) \((?:workspace:\/\/\/|eval at )/.exec(text)?.[1];
}

/** Any other text in which positions of the room stand, such as the message of a syntax error. */
export function mapText(text: string, moduleOf: ModuleOf, memory = new MappingMemory()): string {
  return text.replace(LOCATION, (...match) => {
    const found = locate(match as unknown as RegExpExecArray, { moduleOf, memory });
    return found === undefined ? String(match[1]) : `${found.path}:${found.line}:${found.column}`;
  });
}

/** From 1-based line and column of the JavaScript to those of the source; undefined for code that the compiler added, and for what is no place. */
export function mapPosition({ hash, compiled }: MappedModule, position: Position, memory = new MappingMemory()): Position | undefined {
  if (position.line < 1 || position.column < 1) return undefined;
  return compiled.map === "" ? position : memory.lookUp(`${hash}:${position.line}:${position.column}`, compiled.map, position);
}

interface Located extends Position {
  readonly path: string;
  readonly hash: string | undefined;
}

function locate(
  [, path = "", line, column]: RegExpExecArray,
  { moduleOf, memory }: { readonly moduleOf: ModuleOf; readonly memory: MappingMemory },
): Located | undefined {
  const position = { line: Number(line), column: Number(column) };
  const module = moduleOf(path);
  const mapped = module === undefined ? position : mapPosition(module, position, memory);
  return mapped === undefined ? undefined : { path, ...mapped, hash: module?.hash };
}
