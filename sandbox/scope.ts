// What `import.meta` and `import()` are in an author's module: the compiler rewrites both to what the room module
// "bifrost:scope" gives for the module's path. Resolving is the host's; here a specifier is only joined to a URL.
import type { Counts } from "./bounds.ts";
import type { Host } from "./host.d.ts";
import {
  createList,
  createObject,
  join,
  lastIndexOfText,
  mapDelete,
  mapGet,
  mapHas,
  mapSet,
  pop,
  promiseReject,
  promiseWithResolvers,
  push,
  RealmMap,
  RealmTypeError,
  sliceText,
  splitText,
  startsWith,
  execPattern,
} from "./intrinsics.ts";

const SCHEME = "workspace:///";
const SDK = "bifrost";
/** A longer specifier names nothing, and is refused for its length also when this much of it crosses. */
const MOST_CHARACTERS = 2048;
const ABSOLUTE = /^[A-Za-z][A-Za-z0-9+.-]*:/;

interface ImportMeta {
  url: string;
  filename: string;
  dirname: string;
  resolve(specifier: unknown): string;
}

export interface Scope {
  readonly meta: object;
  readonly dynamicImport: (specifier: unknown, options?: unknown) => Promise<object>;
}

export interface Imports {
  scopeOf(path: string): Scope;
  done(importId: number, namespace: object): void;
  failed(importId: number, error: unknown): void;
  /** Ids of imports that were asked for and not answered. */
  unsettled(): number[];
}

export function createImports(host: Pick<Host, "importModule">, counts: Pick<Counts, "waitForCall" | "answered">): Imports {
  const waiting = new RealmMap<number, PromiseWithResolvers<object>>();
  let lastId = 0;

  function take(importId: number): PromiseWithResolvers<object> | undefined {
    const found = mapGet(waiting, importId);
    if (found === undefined) return undefined;
    mapDelete(waiting, importId);
    counts.answered();
    return found;
  }

  function dynamicImport(referrer: string, specifier: unknown, options: unknown): Promise<object> {
    let text: string;
    try {
      // As the language does: the specifier is converted first, and what that throws rejects the promise.
      text = `${specifier as string}`;
      checkAttributes(options);
      counts.waitForCall();
    } catch (error) {
      return promiseReject(error) as Promise<object>;
    }
    const pending = promiseWithResolvers<object>();
    lastId++;
    mapSet(waiting, lastId, pending);
    host.importModule(lastId, text.length > MOST_CHARACTERS ? sliceText(text, 0, MOST_CHARACTERS) : text, referrer);
    return pending.promise;
  }

  return {
    scopeOf: (path) => ({
      meta: createMeta(path),
      dynamicImport: (specifier, options) => dynamicImport(path, specifier, options),
    }),
    done: (importId, namespace) => take(importId)?.resolve(namespace),
    failed: (importId, error) => take(importId)?.reject(error),
    unsettled: () => {
      const ids = createList<number>();
      for (let id = 1; id <= lastId; id++) if (mapHas(waiting, id)) push(ids, id);
      return ids;
    },
  };
}

function createMeta(path: string): ImportMeta {
  const meta = createObject(null) as ImportMeta;
  const slash = lastIndexOfText(path, "/");
  meta.dirname = slash === -1 ? "" : sliceText(path, 0, slash);
  meta.filename = path;
  meta.resolve = (specifier) => resolveUrl(`${specifier as string}`, path);
  meta.url = SCHEME + path;
  return meta;
}

/**
 * Textual, without a look at what exists: relative to the module, from the root where bare; what names no file of the
 * workspace (the SDK, other URLs) as it is.
 */
function resolveUrl(specifier: string, path: string): string {
  if (specifier === SDK || execPattern(ABSOLUTE, specifier) !== null) return specifier;
  const isRelative = specifier === "." || specifier === ".." || startsWith(specifier, "./") || startsWith(specifier, "../");
  const segments = createList<string>();
  const own = isRelative ? splitText(path, "/") : [];
  for (let index = 0; index < own.length - 1; index++) push(segments, own[index] as string);
  const steps = splitText(specifier, "/");
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index] as string;
    if (step === "..") {
      if (segments.length === 0) throw new RealmTypeError(`"${specifier}" leaves the workspace`);
      pop(segments);
    } else if (step !== ".") {
      push(segments, step);
    }
  }
  return SCHEME + join(segments, "/");
}

function checkAttributes(options: unknown): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null) throw new RealmTypeError("The second argument of import() must be an object");
  const attributes = (options as { with?: unknown }).with;
  if (attributes === undefined) return;
  if (typeof attributes !== "object" || attributes === null) throw new RealmTypeError("The 'options.with' argument of import() must be an object");
  const { type } = attributes as { type?: unknown };
  if (type !== undefined && type !== "json") throw new RealmTypeError(`Import attribute type "${String(type)}" is not supported: use "json", or leave it out`);
}
