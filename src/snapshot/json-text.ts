// Reads JSON that may be anything: cut short, another type, not text at all. It judges nothing but "is this JSON".

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 text of `bytes`, byte for byte (a BOM is kept); undefined when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The parsed value; undefined (which JSON cannot say) when it does not parse. */
export function parseJson(text: string | Uint8Array): unknown {
  const decoded = typeof text === "string" ? text : decodeUtf8(text);
  if (decoded === undefined) return undefined;
  try {
    return JSON.parse(decoded) as unknown;
  } catch {
    return undefined;
  }
}

export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
