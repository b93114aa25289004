// A secret ↔ the text that is stored of it: a compact JWE, encrypted with one of the host's keys and bound to the workspace
// and the key it is stored under, so that it opens nowhere else. Whatever else is stored there is a fault, never a crash.
import { Fault } from "../errors.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";
import { SECRETS_KEY_VARIABLE, type SecretKeys } from "./secret-keys.ts";

/** Where a secret is stored. */
export interface SecretPlace {
  readonly workspace: WorkspaceId;
  readonly key: string;
}

const TYPE = "bifrost-secret";
/** Of the text that is stored: more than the longest secret comes to. */
const MAX_CHARACTERS = 1024 * 1024;

export async function sealSecret(value: string, { workspace, key }: SecretPlace, keys: SecretKeys): Promise<string> {
  const { CompactEncrypt } = await import("jose");
  const { id, bytes } = keys.current;
  const header = { alg: "dir", enc: "A256GCM", typ: TYPE, kid: id, workspace, key };
  return await new CompactEncrypt(new TextEncoder().encode(value)).setProtectedHeader(header).encrypt(bytes);
}

/** Rejects with ERR_CACHE_CORRUPT where it is damaged or stands in another place, with ERR_CONFIG_INVALID where its key is not among those of the host. */
export async function openSecret(sealed: string, place: SecretPlace, keys: SecretKeys): Promise<string> {
  const id = sealingKeyOf(sealed);
  if (id === undefined) throw damaged(place, "is damaged");
  const key = keys.find(id);
  if (key === undefined) throw unknownKey(place, { id, known: keys.ids });
  const { compactDecrypt } = await import("jose");
  const opened = await compactDecrypt(sealed, key.bytes, { keyManagementAlgorithms: ["dir"], contentEncryptionAlgorithms: ["A256GCM"] }).catch(() => undefined);
  if (opened === undefined) throw damaged(place, "is damaged, or was changed");
  const { protectedHeader, plaintext } = opened;
  const isHere = protectedHeader.typ === TYPE && protectedHeader["workspace"] === place.workspace && protectedHeader["key"] === place.key;
  if (!isHere) throw damaged(place, "was stored for another workspace, or under another key");
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(plaintext);
}

/** Id of the key that it says it is encrypted with; undefined for what is no such text. */
export function sealingKeyOf(sealed: string): string | undefined {
  if (sealed.length > MAX_CHARACTERS) return undefined;
  const [header = "", ...rest] = sealed.split(".", 6);
  if (rest.length !== 4) return undefined;
  try {
    const kid = (JSON.parse(Buffer.from(header, "base64url").toString()) as { readonly kid?: unknown } | null)?.kid;
    return typeof kid === "string" && /^[0-9a-f]{16}$/.test(kid) ? kid : undefined;
  } catch {
    return undefined;
  }
}

function damaged({ workspace, key }: SecretPlace, what: string): Fault {
  return new Fault(
    "ERR_CACHE_CORRUPT",
    `The stored secret ${key} cannot be decrypted: what is stored ${what}. Store it again: bifrost-executor config set ${key} --secret`,
    {
      details: { workspace, key },
    },
  );
}

function unknownKey({ workspace, key }: SecretPlace, { id, known }: { readonly id: string; readonly known: readonly string[] }): Fault {
  return new Fault(
    "ERR_CONFIG_INVALID",
    `The stored secret ${key} is encrypted with the key ${id}, and ${SECRETS_KEY_VARIABLE} holds ${known.join(", ")}. Add that key behind the first, with a comma between them; or store the secret again: bifrost-executor config set ${key} --secret`,
    { details: { setting: SECRETS_KEY_VARIABLE, workspace, key, expected: id } },
  );
}
