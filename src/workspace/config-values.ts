// What a workspace is configured with: plain values that all of its workflows may read, and secrets that some of them may.
// The port that runs read it by (ConfigSource), and the one that operators change it by (ConfigValues).
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";
import type { Reader } from "./config-grants.ts";

export type ConfigAnswer =
  /** JSON data, and not null. */
  | { readonly kind: "value"; readonly value: unknown }
  /** `grants`: who else may read it. */
  | { readonly kind: "secret"; readonly value: string; readonly grants: readonly string[] }
  /** There is a secret, and it is not granted to who asks. */
  | { readonly kind: "denied" }
  | { readonly kind: "absent" };

export interface AskedConfig {
  readonly workspace: WorkspaceId;
  readonly key: string;
  /** Who asks. */
  readonly reader: Reader;
}

export interface ConfigSource {
  /** Rejects with ERR_CONFIG_INVALID, ERR_CACHE_CORRUPT (what is stored cannot be decrypted) or ERR_DATABASE_UNAVAILABLE. */
  get(asked: AskedConfig): Promise<ConfigAnswer>;
}

interface EntryFacts {
  readonly key: string;
  /** 1, and one more with every change. */
  readonly version: number;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A secret's value is in none. */
export type ConfigEntry =
  | (EntryFacts & { readonly kind: "value"; readonly value: unknown })
  | (EntryFacts & { readonly kind: "secret"; readonly grantedTo: readonly string[] });

/** What one workspace has. Methods that name a key that there is not reject with ERR_CONFIG_NOT_FOUND; ERR_INPUT_INVALID says what does not fit. */
export interface ConfigValues {
  /** By key. */
  list(): Promise<readonly ConfigEntry[]>;
  find(key: string): Promise<ConfigEntry>;
  /** JSON data, and not null. Refused over a secret: that has to be removed first. */
  setValue(key: string, value: unknown): Promise<ConfigEntry>;
  /** `grantedTo` replaces who may read it; where absent, that stays, and is nobody for a new one. */
  setSecret(key: string, secret: { readonly value: string; readonly grantedTo?: readonly string[] | undefined }): Promise<ConfigEntry>;
  /** All that may read it from now on. */
  setGrants(key: string, references: readonly string[]): Promise<ConfigEntry>;
  grant(key: string, references: readonly string[]): Promise<ConfigEntry>;
  /** Refused where one of the references is not granted as it is written here. */
  revoke(key: string, references: readonly string[]): Promise<ConfigEntry>;
  remove(key: string): Promise<void>;
}
