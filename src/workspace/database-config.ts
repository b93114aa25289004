// The configuration of workspaces in the database: values as JSON text, secrets as text that only a host with the key can read.
// Nothing is kept in memory: what is taken away is gone with the next question.
import {
  deleteConfigValue,
  findConfigValue,
  listConfigValues,
  lockConfigValue,
  updateGrants,
  upsertSecret,
  upsertValue,
  type ConfigRow,
} from "../../db/queries/config-values.ts";
import type { OpenDatabase } from "../../db/open-database.ts";
import { originalJson, storableJson } from "../../db/text.ts";
import { Fault } from "../errors.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";
import { checkedGrants, checkedValue, checkKey, checkSecretValue } from "./config-checks.ts";
import { isGranted } from "./config-grants.ts";
import { isConfigKey } from "./config-key.ts";
import type { AskedConfig, ConfigAnswer, ConfigEntry, ConfigSource, ConfigValues } from "./config-values.ts";
import { withDatabaseFaults } from "./database-faults.ts";
import { noSecretKeys, type SecretKeys } from "./secret-keys.ts";
import { openSecret, sealSecret } from "./secret-sealing.ts";

export interface DatabaseConfigOptions {
  readonly db: OpenDatabase["db"];
  /** How errors name the database; no password. */
  readonly describeServer: string;
  /** Without them everything but secrets can be read and written. */
  readonly keys: SecretKeys | undefined;
}

export interface DatabaseConfig extends ConfigSource {
  of(workspace: WorkspaceId): ConfigValues;
}

export function createDatabaseConfig({ db, describeServer, keys }: DatabaseConfigOptions): DatabaseConfig {
  function guarded<T>(action: () => Promise<T>): Promise<T> {
    return withDatabaseFaults(describeServer, action);
  }

  async function get({ workspace, key, reader }: AskedConfig): Promise<ConfigAnswer> {
    const row = isConfigKey(key) ? await guarded(() => findConfigValue(db, workspace, key)) : undefined;
    if (row === undefined) return { kind: "absent" };
    if (row.encrypted === null) return { kind: "value", value: valueOf(row) };
    const grants = grantsOf(row);
    // Before it is opened: who may not read it learns nothing of whether it could be.
    if (!isGranted(grants, reader)) return { kind: "denied" };
    return { kind: "secret", value: await openSecret(row.encrypted, { workspace, key }, required(keys)), grants };
  }

  function of(workspace: WorkspaceId): ConfigValues {
    async function setSecret(key: string, { value, grantedTo }: Parameters<ConfigValues["setSecret"]>[1]): Promise<ConfigEntry> {
      checkKey(key);
      checkSecretValue(key, value);
      const grants = grantedTo === undefined ? null : JSON.stringify(checkedGrants(grantedTo));
      const encrypted = await sealSecret(value, { workspace, key }, required(keys));
      return entryOf(await guarded(() => upsertSecret(db, workspace, { key, encrypted, grants })));
    }

    async function setValue(key: string, value: unknown): Promise<ConfigEntry> {
      checkKey(key);
      const text = storableJson(checkedValue(key, value));
      const row = await guarded(() => upsertValue(db, workspace, { key, value: text }));
      if (row !== undefined) return entryOf(row);
      throw new Fault("ERR_INPUT_INVALID", `${key} is a secret, and what is set now would be read by every workflow. Set it as a secret, or remove it first.`, {
        details: { path: key, expected: "a secret", received: "a value" },
      });
    }

    function changeGrants(key: string, change: (grants: readonly string[]) => readonly string[]): Promise<ConfigEntry> {
      return guarded(() =>
        db.transaction().execute(async (transaction) => {
          const row = await lockConfigValue(transaction, workspace, key);
          if (row === undefined) throw notFound(key);
          if (!row.is_secret)
            throw new Fault("ERR_INPUT_INVALID", `${key} is no secret: every workflow may read it.`, {
              details: { path: key, expected: "a secret", received: "a value" },
            });
          const [before, after] = [grantsOf(row), change(grantsOf(row))];
          const same = before.length === after.length && before.every((each, index) => each === after[index]);
          return entryOf(same ? row : ((await updateGrants(transaction, workspace, { key, grants: JSON.stringify(after) })) ?? row));
        }),
      );
    }

    return {
      list: async () => (await guarded(() => listConfigValues(db, workspace))).map(entryOf),
      async find(key) {
        const row = await guarded(() => findConfigValue(db, workspace, key));
        if (row === undefined) throw notFound(key);
        return entryOf(row);
      },
      setValue,
      setSecret,
      setGrants: (key, references) => changeGrants(key, () => checkedGrants(references)),
      grant: (key, references) => changeGrants(key, (grants) => checkedGrants([...grants, ...references])),
      revoke: (key, references) => changeGrants(key, (grants) => without(grants, { key, references: checkedGrants(references) })),
      async remove(key) {
        if (!(await guarded(() => deleteConfigValue(db, workspace, key)))) throw notFound(key);
      },
    };
  }

  return { get, of };
}

function required(keys: SecretKeys | undefined): SecretKeys {
  if (keys === undefined) throw noSecretKeys();
  return keys;
}

function without(grants: readonly string[], { key, references }: { readonly key: string; readonly references: readonly string[] }): readonly string[] {
  const unknown = references.find((reference) => !grants.includes(reference));
  if (unknown === undefined) return grants.filter((grant) => !references.includes(grant));
  const list = grants.length === 0 ? "nothing" : grants.join(", ");
  throw new Fault("ERR_INPUT_INVALID", `The secret ${key} is not granted to ${JSON.stringify(unknown)} as such; it is granted to ${list}.`, {
    details: { path: "grantedTo", expected: list, received: unknown },
  });
}

function notFound(key: string): Fault {
  return new Fault("ERR_CONFIG_NOT_FOUND", `The workspace has no configuration value ${JSON.stringify(key.slice(0, 200))}.`, {
    details: { key: key.slice(0, 200) },
  });
}

function entryOf(row: ConfigRow): ConfigEntry {
  const facts = { key: row.key, version: row.version, createdAt: row.created_at.toISOString(), updatedAt: row.updated_at.toISOString() };
  return row.is_secret ? { ...facts, kind: "secret", grantedTo: grantsOf(row) } : { ...facts, kind: "value", value: valueOf(row) };
}

function valueOf({ value }: ConfigRow): unknown {
  return JSON.parse(originalJson(value ?? "null"));
}

/** What somebody else wrote there grants nothing. */
function grantsOf({ granted_to }: ConfigRow): readonly string[] {
  const grants = JSON.parse(granted_to) as unknown;
  return Array.isArray(grants) ? grants.filter((grant): grant is string => typeof grant === "string") : [];
}
