// Formats the stacks of errors as V8 does, without the frames of the room's own code, and remembers the last few
// errors it formatted: the host gets only a copy (name, message, stack) of an error that ends the evaluation of a
// module, and finds the real one here by that text. The author may still set Error.prepareStackTrace.
import {
  apply,
  createList,
  defineProperty,
  errorToString,
  getPrototypeOf,
  indexOfText,
  isArray,
  push,
  RealmError,
  slice,
  sliceText,
  startsWith,
  uncurryThis,
  RealmWeakRef,
  RealmWeakSet,
  weakSetAdd,
  weakSetHas,
  weakTarget,
} from "./intrinsics.ts";

/** Frames of room code carry file names that begin so; no workspace path can (a colon ends no path's first segment as a scheme does). */
const ROOM_SCHEME = "bifrost:";
/** What isolated-vm puts between the room's frames and the host's in the copy it makes. */
const BOUNDARY = "\n    at (<isolated-vm boundary>)";
/** Many imports may fail in one turn before the host asks for the first of them. */
const REMEMBERED = 256;
/** An error may be as large as its author likes: beyond these few only those are remembered that somebody else holds too. */
const HELD = 16;
const FRAMES = 30;
/** Of a message or stack that the host looks for. */
const LONGEST = 1_000_000;

interface CallSite {
  getFileName(): string | null;
  toString(): string;
}

type PrepareStackTrace = (error: unknown, sites: unknown) => unknown;

interface Formatted {
  readonly weak: WeakRef<object>;
  held: object | undefined;
  /** undefined where the author's own hook returned something else than text. */
  readonly stack: string | undefined;
}

/** A ring: the newest is at `count - 1`, modulo REMEMBERED. */
const formatted = createList<Formatted>();
let count = 0;

/** Installs the hook; call once, before author code. */
export function installStackHook(): void {
  const callSite = callSiteMethods();
  const ours = new RealmWeakSet<object>();
  const original = own((error, sites) => {
    const text = defaultStack(error, withoutRoomFrames(sites, callSite.getFileName), callSite.toString);
    remember(error, text);
    return text;
  });
  let current = original;

  function own(format: (error: unknown, sites: readonly unknown[]) => unknown): PrepareStackTrace {
    const prepareStackTrace: PrepareStackTrace = (error, sites) => format(error, isArray(sites) ? sites : []);
    weakSetAdd(ours, prepareStackTrace);
    return prepareStackTrace;
  }

  /** Stands for a hook of the author's: V8 reads the property too, and must always find one of ours. */
  function around(authors: PrepareStackTrace): PrepareStackTrace {
    return own((error, sites) => {
      // A copy with a prototype: it is the author's now.
      const outcome = apply(authors, RealmError, [error, slice(withoutRoomFrames(sites, callSite.getFileName))]);
      remember(error, typeof outcome === "string" ? outcome : undefined);
      return outcome;
    });
  }

  defineProperty(RealmError, "prepareStackTrace", {
    get: () => current,
    set: (value: unknown) => {
      if (typeof value !== "function") current = original;
      else current = weakSetHas(ours, value) ? (value as PrepareStackTrace) : around(value as PrepareStackTrace);
    },
    enumerable: false,
    configurable: false,
  });
  (RealmError as unknown as { stackTraceLimit: number }).stackTraceLimit = FRAMES;
}

function withoutRoomFrames(sites: readonly unknown[], fileNameOf: (site: unknown) => string | null): readonly unknown[] {
  const visible = createList<unknown>();
  for (let index = 0; index < sites.length; index++) {
    const file = fileNameOf(sites[index]);
    if (typeof file !== "string" || !startsWith(file, ROOM_SCHEME)) push(visible, sites[index]);
  }
  return visible;
}

/**
 * The error whose copy has this message and stack, most recent first. isolated-vm writes the copy's header anew from
 * name and message and keeps only the frames, so those must agree; the text as a whole does where nobody changed it.
 */
export function findFormatted(message: string, copiedStack: string): { readonly error: object } | undefined {
  const boundary = indexOfText(copiedStack, BOUNDARY);
  const stack = boundary === -1 ? copiedStack : sliceText(copiedStack, 0, boundary);
  const frames = framesOf(stack);
  for (let index = count - 1; index >= 0 && index >= count - REMEMBERED; index--) {
    const candidate = formatted[index % REMEMBERED] as Formatted;
    const error = weakTarget(candidate.weak);
    if (error !== undefined && (isCutTo(candidate.stack, stack) || (framesOf(candidate.stack ?? "") === frames && isCutTo(messageOf(error), message))))
      return { error };
  }
  return undefined;
}

/** The host cuts what it gets. */
function isCutTo(text: unknown, cut: string): boolean {
  return text === cut || (cut.length === LONGEST && typeof text === "string" && startsWith(text, cut));
}

function framesOf(stack: string): string {
  const start = indexOfText(stack, "\n    at ");
  return start === -1 ? "" : sliceText(stack, start);
}

function remember(error: unknown, stack: string | undefined): void {
  if (typeof error !== "object" || error === null) return;
  formatted[count % REMEMBERED] = { weak: new RealmWeakRef(error), held: error, stack };
  count++;
  if (count > HELD) (formatted[(count - HELD - 1) % REMEMBERED] as Formatted).held = undefined;
}

function messageOf(error: object): unknown {
  try {
    return (error as { message?: unknown }).message;
  } catch {
    return undefined;
  }
}

/** V8's own text: the header as Error.prototype.toString gives it when the stack is first read, then the frames. */
function defaultStack(error: unknown, sites: readonly unknown[], siteText: (site: unknown) => string): string {
  let text = header(error);
  for (let index = 0; index < sites.length; index++) text += `\n    at ${siteText(sites[index])}`;
  return text;
}

function header(error: unknown): string {
  try {
    return errorToString(error as Error);
  } catch (failure) {
    try {
      return `<error: ${errorToString(failure as Error)}>`;
    } catch {
      return "<error>";
    }
  }
}

function callSiteMethods(): { getFileName(site: unknown): string | null; toString(site: unknown): string } {
  const constructor = RealmError as unknown as { prepareStackTrace: PrepareStackTrace | undefined };
  constructor.prepareStackTrace = (_error, sites) => sites;
  const [site] = new RealmError().stack as unknown as CallSite[];
  constructor.prepareStackTrace = undefined;
  const prototype = getPrototypeOf(site) as CallSite;
  return { getFileName: uncurryThis(prototype.getFileName), toString: uncurryThis(prototype.toString) };
}
