// Identity of text: sha256, hex, of its UTF-8 bytes.
import { hash } from "node:crypto";

declare const contentHashBrand: unique symbol;
declare const compiledKeyBrand: unique symbol;

/** sha256 in lowercase hex (64 characters) of a file's bytes. */
export type ContentHash = string & { readonly [contentHashBrand]: true };

/** sha256 in hex of all that compiled code depends on (B34). */
export type CompiledKey = string & { readonly [compiledKeyBrand]: true };

export function hashContent(content: string | Uint8Array): ContentHash {
  return hash("sha256", content, "hex") as ContentHash;
}

export function isContentHash(value: unknown): value is ContentHash {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}
