// What kind of entity a stored file is, told from its path and from what the syntax tree holds (B50). Reads no source.
import type { CompiledModule, ModuleFacts } from "../modules/module-record.ts";
import { scriptKindOf } from "../modules/module-path.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { EntityType } from "../snapshot/origin.ts";

export const MANIFEST_PATH = "package.json" as ModulePath;
export const COMPILER_OPTIONS_PATH = "tsconfig.json" as ModulePath;

/** A file that declares several kinds is listed under the first of these that it has. */
const PRECEDENCE = ["workflow", "tool", "data_provider"] as const;

/** `facts` are absent where the file is no code, or where its code could not be read. */
export function entityTypeOf(path: string, facts: ModuleFacts | undefined): EntityType {
  if (path === MANIFEST_PATH) return "requirements";
  if (scriptKindOf(path) === undefined) return "text";
  return typeOfKinds((facts?.entities ?? []).map((entity) => entity.kind)) ?? "module";
}

/** Type of a file that declares these kinds; undefined when it declares none. */
export function typeOfKinds(kinds: readonly EntityType[]): EntityType | undefined {
  return PRECEDENCE.find((kind) => kinds.includes(kind));
}

/** True for files whose text is program code, as opposed to JSON and documents. */
export function isCode(path: string): boolean {
  const kind = scriptKindOf(path);
  return kind !== undefined && kind !== "json";
}

/**
 * What a file declares, as far as it is known. `incomplete` says that more may stand there than was read: a file with syntax
 * errors is read from the compiler's recovered tree, and one that could not be compiled is not read at all.
 */
export interface Declarations {
  readonly entities: ModuleFacts["entities"];
  readonly incomplete: boolean;
}

export function declarationsOf(path: string, compiled: CompiledModule | undefined): Declarations {
  if (!isCode(path)) return { entities: [], incomplete: false };
  if (compiled === undefined) return { entities: [], incomplete: true };
  return { entities: compiled.facts.entities, incomplete: compiled.facts.diagnostics.some((diagnostic) => diagnostic.severity === "error") };
}
