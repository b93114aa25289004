// Identity of a snapshot: the hash of all a run can see of its workspace. The record carries it; reading verifies it.
import { hashContent } from "../modules/content-hash.ts";
import type { CompilerOptionsSubset } from "../modules/module-record.ts";
import { isJsonObject, parseJson } from "./json-text.ts";
import type { SnapshotId, SnapshotRecord } from "./snapshot-record.ts";
import { isTreeHash } from "./tree.ts";

type OptionName = keyof CompilerOptionsSubset;

const OPTION_TYPES: Readonly<Record<OptionName, "boolean" | "string">> = {
  emitDecoratorMetadata: "boolean",
  experimentalDecorators: "boolean",
  jsx: "string",
  jsxFactory: "string",
  jsxFragmentFactory: "string",
  jsxImportSource: "string",
  useDefineForClassFields: "boolean",
};
const OPTION_NAMES = Object.keys(OPTION_TYPES).toSorted() as OptionName[];
const JSX_MODES: ReadonlySet<unknown> = new Set(["react", "react-jsx", "react-jsxdev", "preserve"]);

/** The record, with the id that follows from it. Options that are undefined, or not honoured, are left out. */
export function snapshotRecordOf(parts: Pick<SnapshotRecord, "tree" | "packageLock" | "compilerOptions">): SnapshotRecord {
  const compilerOptions = canonicalOptions(parts.compilerOptions);
  const text = JSON.stringify({ compilerOptions, format: 1, packageLock: parts.packageLock, tree: parts.tree });
  return { id: `s1-${hashContent(text)}` as SnapshotId, format: 1, tree: parts.tree, packageLock: parts.packageLock, compilerOptions };
}

/** Canonical JSON of the record with its id. */
export function encodeSnapshotRecord(record: SnapshotRecord): string {
  const { compilerOptions, format, id, packageLock, tree } = record;
  return JSON.stringify({ compilerOptions: canonicalOptions(compilerOptions), format, id, packageLock, tree });
}

/** Undefined when `text` has another shape, or its parts do not give its id. */
export function decodeSnapshotRecord(text: string | Uint8Array): SnapshotRecord | undefined {
  const value = parseJson(text);
  if (!isJsonObject(value) || value["format"] !== 1) return undefined;
  const { tree, packageLock, compilerOptions } = value;
  if (!isTreeHash(tree) || !(packageLock === null || typeof packageLock === "string") || !isOptions(compilerOptions)) return undefined;
  const record = snapshotRecordOf({ tree, packageLock, compilerOptions });
  return record.id === value["id"] ? record : undefined;
}

export function isSnapshotId(value: unknown): value is SnapshotId {
  return typeof value === "string" && /^s1-[0-9a-f]{64}$/.test(value);
}

function canonicalOptions(options: CompilerOptionsSubset): CompilerOptionsSubset {
  return Object.fromEntries(OPTION_NAMES.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]));
}

function isOptions(value: unknown): value is CompilerOptionsSubset {
  if (!isJsonObject(value)) return false;
  return Object.entries(value).every(
    ([name, option]) => Object.hasOwn(OPTION_TYPES, name) && typeof option === OPTION_TYPES[name as OptionName] && (name !== "jsx" || JSX_MODES.has(option)),
  );
}
