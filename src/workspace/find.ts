// From a reference to the export that is to run (B16), over one snapshot's paths and the executables registered for it.
// Reads no module: whether the file has that export is seen when it is loaded.
import { Fault } from "../errors.ts";
import { parseModulePath, scriptKindOf } from "../modules/module-path.ts";
import type { ModulePath } from "../modules/module-path.ts";
import { nearestName } from "../modules/nearest-name.ts";
import { candidatesOf } from "../modules/specifier.ts";
import type { Executable } from "../snapshot/origin.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { isCode } from "./entity-type.ts";
import { pathNotFoundAmong } from "./read-files.ts";
import { looksLikePath, parseReference } from "./reference.ts";

export interface FindOptions {
  readonly snapshot: Pick<Snapshot, "has" | "paths">;
  /** All that are registered in the workspace; asked only where paths do not decide. */
  readonly executables: () => Promise<readonly Executable[]>;
}

export interface Entry {
  readonly path: ModulePath;
  readonly exportName: string;
  /** Where it was found by name or id. */
  readonly workflowId?: string;
}

/**
 * A file of exactly this path comes first, then a name, then a path as an import from the root would find it.
 * Rejects with ERR_WORKFLOW_NOT_FOUND, ERR_WORKFLOW_AMBIGUOUS, ERR_PATH_NOT_FOUND, ERR_PATH_INVALID,
 * ERR_EXECUTABLE_NOT_FOUND (the file is no code) or ERR_INPUT_INVALID.
 */
export async function findEntry(text: string, options: FindOptions): Promise<Entry> {
  const reference = parseReference(text);
  if (reference.kind === "id") return findById(reference.id, options);
  if (reference.kind === "export") {
    const path = parseModulePath(reference.path);
    const found = existing(path, options.snapshot) ?? asImported(path, options.snapshot);
    if (found === undefined) throw pathNotFoundAmong(path, options.snapshot.paths());
    return runnable(found, reference.exportName);
  }
  const { text: name } = reference;
  const exact = scriptKindOf(name) === undefined ? undefined : existing(name as ModulePath, options.snapshot);
  if (exact !== undefined) return runnable(exact, "default");
  return findByName(name, options);
}

async function findById(id: string, { snapshot, executables }: FindOptions): Promise<Entry> {
  const row = (await executables()).find((each) => each.id === id);
  if (row?.active && snapshot.has(row.path)) return entryOf(row);
  throw new Fault(
    "ERR_WORKFLOW_NOT_FOUND",
    `No workflow has the id ${id}${row === undefined ? "" : `: ${row.path} no longer has the export ${JSON.stringify(row.exportName)}`}.`,
    {
      details: { reference: id },
    },
  );
}

async function findByName(name: string, { snapshot, executables }: FindOptions): Promise<Entry> {
  const active = (await executables()).filter((row) => row.active && snapshot.has(row.path));
  const named = active.filter((row) => row.name === name);
  if (named.length > 1) throw ambiguous(name, named);
  if (named[0] !== undefined) return entryOf(named[0]);
  const imported = asImported(name, snapshot);
  if (imported !== undefined) return runnable(imported, "default");
  const document = existing(name as ModulePath, snapshot);
  if (document !== undefined) return runnable(document, "default");
  if (looksLikePath(name)) throw pathNotFoundAmong(parseModulePath(name), snapshot.paths());
  throw nameNotFound(name, active);
}

function existing(path: ModulePath, snapshot: FindOptions["snapshot"]): ModulePath | undefined {
  return snapshot.has(path) ? path : undefined;
}

function asImported(path: string, snapshot: FindOptions["snapshot"]): ModulePath | undefined {
  return candidatesOf({ path, directory: false }).find((candidate) => snapshot.has(candidate) && isCode(candidate));
}

function runnable(path: ModulePath, exportName: string): Entry {
  if (isCode(path)) return { path, exportName };
  throw new Fault(
    "ERR_EXECUTABLE_NOT_FOUND",
    `${JSON.stringify(path)} is ${scriptKindOf(path) === "json" ? "JSON" : "no program code"} and exports nothing that can be run.`,
    {
      details: { path, exportName, exports: [] },
    },
  );
}

function entryOf({ path, exportName, id }: Executable): Entry {
  return { path, exportName, workflowId: id };
}

function ambiguous(name: string, rows: readonly Executable[]): Fault {
  const candidates = rows.map((row) => `${row.path}::${row.exportName}`).toSorted();
  return new Fault(
    "ERR_WORKFLOW_AMBIGUOUS",
    `${candidates.length} workflows have the name ${JSON.stringify(name)}: ${candidates.join(", ")}. Use one of these references.`,
    {
      details: { name, candidates },
    },
  );
}

function nameNotFound(name: string, active: readonly Executable[]): Fault {
  const names = [...new Set(active.map((row) => row.name))].toSorted();
  const nearest = nearestName(name, names);
  const hint = nearest === undefined ? "" : ` Did you mean ${JSON.stringify(nearest)}?`;
  const list =
    names.length === 0
      ? " The workspace has no workflows."
      : ` The workspace has ${names.slice(0, 10).join(", ")}${names.length > 10 ? ` and ${names.length - 10} more` : ""}.`;
  return new Fault("ERR_WORKFLOW_NOT_FOUND", `No workflow has the name ${JSON.stringify(name)}.${hint}${list}`, {
    details: { name, names: names.slice(0, 50), ...(nearest === undefined ? undefined : { nearest }) },
  });
}
