// Encrypts every stored secret of every workspace anew under the host's first key, so that the others can go. May be
// repeated, and interrupted: each secret is written by itself, and only over what was read.
import { listSecrets, replaceEncrypted, type SecretRow } from "../../db/queries/config-values.ts";
import { decodeText } from "../../db/text.ts";
import type { FaultCode } from "../errors.ts";
import { Fault } from "../errors.ts";
import type { DatabaseConfigOptions } from "./database-config.ts";
import { withDatabaseFaults } from "./database-faults.ts";
import { noSecretKeys, type SecretKeys } from "./secret-keys.ts";
import { openSecret, sealingKeyOf, sealSecret } from "./secret-sealing.ts";

export interface Rotation {
  /** Encrypted anew. */
  readonly rotated: number;
  /** Under the first key already. */
  readonly current: number;
  /** As they were: they cannot be decrypted. */
  readonly failed: readonly { readonly workspace: string; readonly key: string; readonly code: FaultCode; readonly message: string }[];
}

const PAGE = 200;

/** Rejects with ERR_CONFIG_INVALID where there is no key, and ERR_DATABASE_UNAVAILABLE. */
export async function rotateSecrets({ db, describeServer, keys }: DatabaseConfigOptions): Promise<Rotation> {
  if (keys === undefined) throw noSecretKeys();
  let [rotated, current] = [0, 0];
  const failed: Rotation["failed"][number][] = [];
  let last: SecretRow | undefined;
  do {
    const rows = await withDatabaseFaults(describeServer, () => listSecrets(db, last, PAGE));
    for (const row of rows) {
      try {
        if (await rotate(row, keys)) rotated += 1;
        else current += 1;
      } catch (error) {
        if (!(error instanceof Fault) || error.code === "ERR_DATABASE_UNAVAILABLE") throw error;
        failed.push({ workspace: decodeText(row.workspace), key: row.key, code: error.code, message: error.message });
      }
    }
    last = rows.at(-1);
  } while (last !== undefined);
  return { rotated, current, failed };

  /** False where nothing was to do: it is under the first key, or has been changed meanwhile. Opened in any case, to be told of what is damaged. */
  async function rotate(row: SecretRow, keys: SecretKeys): Promise<boolean> {
    const place = { workspace: row.workspace_id, key: row.key };
    const value = await openSecret(row.encrypted, place, keys);
    if (sealingKeyOf(row.encrypted) === keys.current.id) return false;
    const sealed = await sealSecret(value, place, keys);
    return await withDatabaseFaults(describeServer, () => replaceEncrypted(db, row, sealed));
  }
}
