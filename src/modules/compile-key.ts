// The name of compiled code: a hash of all that it depends on (B34). Must not load the compiler.
import { hash } from "node:crypto";
import type { CompiledKey, ContentHash } from "./content-hash.ts";
import type { CompilerOptionsSubset, ScriptKind } from "./module-record.ts";

/** A test keeps this equal to the installed compiler's version. */
export const COMPILER_VERSION = "typescript@6.0.3";

/** Goes up with every change of what compiler/ emits or records for the same source. */
export const TRANSFORMER_VERSION = 2;

type OptionName = keyof CompilerOptionsSubset;

const CLASSES: readonly OptionName[] = ["emitDecoratorMetadata", "experimentalDecorators", "useDefineForClassFields"];
const JSX: readonly OptionName[] = ["jsx", "jsxFactory", "jsxFragmentFactory", "jsxImportSource"];

/** Options that change what comes out of a source of this kind, in the order of the key. */
const RELEVANT: Readonly<Record<ScriptKind, readonly OptionName[]>> = {
  ts: CLASSES,
  tsx: [...CLASSES, ...JSX],
  js: [...CLASSES, ...JSX],
  jsx: [...CLASSES, ...JSX],
  json: [],
};

export function compiledKeyOf(source: { readonly hash: ContentHash; readonly kind: ScriptKind; readonly options: CompilerOptionsSubset }): CompiledKey {
  const options = RELEVANT[source.kind].map((name) => [name, source.options[name] ?? null]);
  return hash("sha256", JSON.stringify([source.hash, source.kind, COMPILER_VERSION, options, TRANSFORMER_VERSION]), "hex") as CompiledKey;
}
