// Compiled code as it is kept outside this process. It carries its own hash, because V8 runs whatever it is given.
import { hashContent, isContentHash } from "../modules/content-hash.ts";
import type { CompiledKey } from "../modules/content-hash.ts";
import type { CompiledModule, ModuleFacts } from "../modules/module-record.ts";
import { isJsonObject, parseJson } from "./json-text.ts";

const HEADER = "bifrost-compiled-1";
const HEADER_BYTES = HEADER.length + 1 + 64 + 1;

/** sha256 hex of code, map and facts; to be kept beside them and compared on reading. Facts must keep their key order (JSON text does). */
export function compiledDigest({ js, map, facts }: Pick<CompiledModule, "js" | "map" | "facts">): string {
  return hashContent(JSON.stringify([js, map, facts]));
}

/** A header line with the sha256 of the rest, and the module as JSON. */
export function encodeCompiled({ key, sourceHash, js, map, facts }: CompiledModule): Uint8Array {
  const body = Buffer.from(JSON.stringify({ key, sourceHash, js, map, facts }));
  return Buffer.concat([Buffer.from(`${HEADER} ${hashContent(body)}\n`), body]);
}

/** Undefined when the bytes are not what `encodeCompiled` gave. */
export function decodeCompiled(bytes: Uint8Array): CompiledModule | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const body = bytes.subarray(HEADER_BYTES);
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, HEADER_BYTES).toString("latin1");
  if (header !== `${HEADER} ${hashContent(body)}\n`) return undefined;
  const value = parseJson(body);
  return isCompiledModule(value) ? value : undefined;
}

function isCompiledModule(value: unknown): value is CompiledModule {
  if (!isJsonObject(value) || !isCompiledKey(value["key"]) || !isContentHash(value["sourceHash"])) return false;
  return typeof value["js"] === "string" && typeof value["map"] === "string" && isFacts(value["facts"]);
}

function isCompiledKey(value: unknown): value is CompiledKey {
  return isContentHash(value);
}

function isFacts(value: unknown): value is ModuleFacts {
  if (!isJsonObject(value)) return false;
  const { imports, exports, entities, diagnostics } = value;
  return Array.isArray(imports) && Array.isArray(exports) && Array.isArray(entities) && Array.isArray(diagnostics);
}
