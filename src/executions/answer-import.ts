// Answers the dynamic imports of one execution, from its own snapshot by the same policy, and remembers every failure it
// told the room of: through the room only message and code come back.
import type { ExecutionError } from "../completion.ts";
import { Fault } from "../errors.ts";
import { fromFault, type MapStack } from "../execution-error.ts";
import type { LinkError } from "../isolate/room-outcome.ts";
import { underImport } from "../modules/import-chain.ts";
import type { Closure, ClosureModule } from "../modules/loader.ts";
import { parseModulePath, type ModulePath } from "../modules/module-path.ts";
import type { ModuleFacts, Position } from "../modules/module-record.ts";
import { quoted } from "../modules/shown-text.ts";
import type { ImportAnswer } from "../process/run-request.ts";
import type { Completion } from "./complete.ts";
import { explainLink } from "./explain-link.ts";
import type { Order, PinnedSnapshot } from "./order.ts";
import { keep, prepare } from "./prepared-closure.ts";

export interface AskedImport {
  readonly specifier: string;
  readonly referrer: ModulePath;
  /** Where the import() stands, if the source tells. */
  readonly position?: Position | undefined;
}

export type LoadedImport =
  | { readonly kind: "module"; readonly path: ModulePath; readonly closure: Closure }
  | { readonly kind: "sdk" }
  | { readonly kind: "failure"; readonly fault: Fault };

export interface ImportPowers {
  /** Closure of one dynamically imported specifier, from the order's own snapshot. */
  loadImport(order: Order, pinned: PinnedSnapshot, asked: AskedImport): Promise<LoadedImport>;
}

/** An author may fail at imports for as long as the run may last. */
const MAX_KEPT_FAULTS = 200;

type ImportFailure = Extract<ImportAnswer, { kind: "failure" }>;

export interface ImportScene {
  readonly pinned: PinnedSnapshot;
  readonly modules: Map<string, ClosureModule>;
  /** Every failure that the room was told of, by its message. */
  readonly faults: Map<string, Fault>;
  readonly map: MapStack;
  readonly powers: ImportPowers;
}

/** Never rejects: a failure of ours reaches the author as a rejected import() and ends in the record. */
export async function answerImport(
  order: Order,
  scene: ImportScene,
  { specifier, referrer }: { readonly specifier: string; readonly referrer: string },
): Promise<ImportAnswer> {
  const { pinned, modules, faults, powers, map } = scene;
  const position = positionOf(modules.get(referrer), specifier);
  try {
    const asked = { specifier, referrer: parseModulePath(referrer), position };
    const loaded = await powers.loadImport(order, pinned, asked);
    if (loaded.kind === "sdk") return { kind: "sdk" };
    if (loaded.kind === "failure") return failure(loaded.fault);
    const under = (fault: Fault): Fault => (position === undefined ? fault : underImport(fault, { path: asked.referrer, specifier, ...position }));
    if (loaded.closure.failure !== undefined) return failure(under(loaded.closure.failure));
    keep(modules, loaded.closure);
    const explain = (error: LinkError): ImportFailure => failure(under(explainLink(error, { mapStack: map, modules, entry: loaded.path })));
    return { kind: "module", zod: loaded.closure.usesZod, ...prepare(loaded.closure, loaded.path), explain };
  } catch (error) {
    return failure(error instanceof Fault ? error : new Fault("ERR_INTERNAL", `Cannot import ${quoted(specifier)}: an internal error`));
  }

  function failure(fault: Fault): ImportFailure {
    faults.set(fault.message, fault);
    const [oldest] = faults.keys();
    if (faults.size > MAX_KEPT_FAULTS && oldest !== undefined) faults.delete(oldest);
    return { kind: "failure", failure: describe(fault) };
  }
}

interface Places {
  /** Of the first import() with this text. */
  readonly bySpecifier: ReadonlyMap<string, Position>;
  /** Of a computed one, where the module has no other. */
  readonly computed: Position | undefined;
}

/** Author code may import in a loop, in a module with thousands of import()s: they are gone through once. */
const places = new WeakMap<ModuleFacts, Places>();

function positionOf(referrer: ClosureModule | undefined, specifier: string): Position | undefined {
  if (referrer === undefined) return undefined;
  const { facts } = referrer.compiled;
  const known = places.get(facts) ?? placesOf(facts);
  places.set(facts, known);
  return known.bySpecifier.get(specifier) ?? known.computed;
}

function placesOf({ imports }: ModuleFacts): Places {
  const bySpecifier = new Map<string, Position>();
  const computed: Position[] = [];
  for (const { kind, specifier, line, column } of imports) {
    if (kind !== "dynamic") continue;
    if (specifier === undefined) computed.push({ line, column });
    else if (!bySpecifier.has(specifier)) bySpecifier.set(specifier, { line, column });
  }
  return { bySpecifier, computed: computed.length === 1 ? computed[0] : undefined };
}

/** In the room it becomes an error of the realm's own class: what Node would throw there. */
function describe(fault: Fault): { name: string; message: string; code: string } {
  return { name: fault.name === "SyntaxError" ? "SyntaxError" : "Error", message: fault.message, code: fault.code };
}

/** Of a failure of ours that went through the room, only message and code came back: the rest is what was kept here. */
export function withFaults(
  completion: Completion,
  known: { readonly faults: ReadonlyMap<string, Fault>; readonly hashOf: (path: string) => string | undefined },
): Completion {
  const { faults, hashOf } = known;
  return completion.error === undefined || faults.size === 0 ? completion : { ...completion, error: whole(completion.error) };

  function whole(error: ExecutionError): ExecutionError {
    const fault = error.code === undefined ? undefined : faults.get(error.message);
    const told = fault?.code === error.code && fault !== undefined ? fromFault(fault, hashOf) : error;
    return error.cause === undefined ? told : { ...told, cause: whole(error.cause) };
  }
}
