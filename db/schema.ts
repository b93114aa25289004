// The tables as kysely sees them. The migrations make them; test/architecture/schema-drift.test.ts holds the two equal.
// The aliases below are names of column types: the drift test reads them from this file's text.
import type { Generated, Kysely, Transaction } from "kysely";

export type Uuid = string;
export type Text = string;
/** Text in byte order (collate "C"), so that paths sort and range the same on every server. */
export type PathText = string;
/** JSON as text: neither reordered nor parsed on its way in or out (see text.ts). */
export type JsonText = string;
export type Bytes = Uint8Array;
export type Int = number;
/** Read as a number: nothing stored here comes near 2^53. */
export type BigInteger = number;
export type Bool = boolean;
export type Timestamp = Date;

export interface WorkspacesTable {
  id: Uuid;
  name: Text;
  head_version: Generated<BigInteger>;
  head_snapshot: Text;
  /** The three limits below are kept for the release that knows no `settings`; nothing here reads them. */
  wall_ms: BigInteger;
  cpu_ms: BigInteger;
  memory_bytes: BigInteger;
  created_at: Generated<Timestamp>;
  /** What the workspace has of its own. */
  settings: Generated<JsonText>;
}

/** One row a path, for ever: a deleted file keeps its row without content. */
export interface WorkspaceFilesTable {
  workspace_id: Uuid;
  path: PathText;
  entity_type: Text;
  content: Bytes | null;
  content_hash: Text | null;
  size_bytes: BigInteger;
  content_type: Text;
  is_deleted: Generated<Bool>;
  created_at: Generated<Timestamp>;
  updated_at: Generated<Timestamp>;
}

/** Immutable. */
export interface ModuleContentsTable {
  workspace_id: Uuid;
  hash: Text;
  content: Bytes;
  size_bytes: BigInteger;
  created_at: Generated<Timestamp>;
}

/** Immutable: one directory. */
export interface TreesTable {
  workspace_id: Uuid;
  hash: Text;
  entries: JsonText;
  created_at: Generated<Timestamp>;
}

/** Immutable. */
export interface SnapshotsTable {
  workspace_id: Uuid;
  id: Text;
  tree: Text;
  package_lock: Text | null;
  compiler_options: JsonText;
  created_at: Generated<Timestamp>;
  /** When somebody last asked to run on it, to the hour: what nothing keeps stays for a while after. */
  used_at: Generated<Timestamp>;
}

/** Which snapshot each version was: what a sweep of old contents has to keep. */
export interface HeadHistoryTable {
  workspace_id: Uuid;
  version: BigInteger;
  snapshot_id: Text;
  at: Generated<Timestamp>;
}

/** Shared by all workspaces: the key holds all that the code depends on. */
export interface CompiledTable {
  key: Text;
  source_hash: Text;
  js: Bytes;
  js_hash: Text;
  map: Bytes;
  facts: JsonText;
  created_at: Generated<Timestamp>;
}

/** One row for each export that is or was runnable; its id outlives edits, moves, and delete-then-recreate. */
export interface WorkflowsTable {
  id: Uuid;
  workspace_id: Uuid;
  path: PathText;
  export_name: Text;
  name: Text;
  kind: Text;
  parameter_schema: JsonText | null;
  parameters_reason: Text | null;
  parameters_closure_hash: Text | null;
  timeout_ms: BigInteger | null;
  is_active: Generated<Bool>;
  created_at: Generated<Timestamp>;
  updated_at: Generated<Timestamp>;
  /** What its author says of trying it again. */
  retry: JsonText | null;
  /** Of a data provider: for how long what it returned may be given again. */
  cache_ms: BigInteger | null;
}

/** Workflows that run by the clock. */
export interface SchedulesTable {
  workspace_id: Uuid;
  name: PathText;
  /** As it was written; resolved at each tick. */
  workflow: Text;
  input: JsonText;
  cron: Text;
  time_zone: Text;
  is_enabled: Generated<Bool>;
  /** The tick that has not been submitted yet; null where none is to come. */
  next_at: Timestamp | null;
  last_at: Timestamp | null;
  last_execution_id: Uuid | null;
  last_error: Text | null;
  created_at: Generated<Timestamp>;
  updated_at: Generated<Timestamp>;
}

export interface ExecutionsTable {
  id: Uuid;
  workspace_id: Uuid;
  workflow: Text;
  /** Pinned when it was first begun. */
  snapshot_id: Text | null;
  status: Text;
  input: JsonText;
  result: JsonText | null;
  error: JsonText | null;
  modules: JsonText | null;
  usage: JsonText | null;
  /** Of the attempt that counts. */
  started_at: Timestamp | null;
  finished_at: Timestamp | null;
  /** Of the execution that executed this one. */
  parent_id: Uuid | null;
  /** As the caller wrote it; null where nobody waited for a host. */
  reference: Text | null;
  asked_by: Generated<Text>;
  priority: Generated<Int>;
  queued_at: Generated<Timestamp>;
  /** When it may be taken: as asked for, or after a pause between attempts. */
  due_at: Generated<Timestamp>;
  /** When it has waited for too long. */
  expires_at: Timestamp | null;
  max_wait_ms: BigInteger | null;
  attempt: Generated<Int>;
  /** Counts the holdings; 0 for what no host was given by a claim. */
  fence: Generated<BigInteger>;
  /** Who holds it, or held it last. */
  host_id: Uuid | null;
  retry_attempts: Generated<Int>;
  retry_backoff_ms: Generated<BigInteger>;
  retry_idempotent: Generated<Bool>;
  limits: JsonText | null;
  asked_snapshot_id: Text | null;
  idempotency_key: Text | null;
  request_hash: Text | null;
  traceparent: Text | null;
  timings: JsonText | null;
  /** What a list shows of the error. */
  error_summary: JsonText | null;
}

/** One row a process that runs executions. Its times are for who looks; nobody is judged by them. */
export interface HostsTable {
  id: Uuid;
  name: Text;
  slots: Int;
  beats: Generated<BigInteger>;
  beat_at: Generated<Timestamp>;
  left_at: Timestamp | null;
  /** Others took it for dead. */
  dead_at: Timestamp | null;
}

/** When a workspace was last given something to run. */
export interface ClaimTurnsTable {
  workspace_id: Uuid;
  served_at: Timestamp;
}

export interface ExecutionLogsTable {
  workspace_id: Uuid;
  execution_id: Uuid;
  sequence: Int;
  level: Text;
  message: Text;
  data: JsonText | null;
  at: Timestamp;
}

/** The workspace's manifest as it stands in HEAD; no row where there is none. */
export interface RequirementsTable {
  workspace_id: Uuid;
  content: Bytes;
  hash: Text;
  updated_at: Generated<Timestamp>;
}

/** Opens the RPC. The token itself is nowhere. */
export interface TokensTable {
  id: Text;
  name: Text;
  /** sha256 of the whole token. */
  secret_hash: Bytes;
  /** Parted by spaces. */
  scopes: Text;
  /** The only one that it opens; null for all. */
  workspace_id: Uuid | null;
  created_at: Generated<Timestamp>;
  expires_at: Timestamp | null;
  revoked_at: Timestamp | null;
  last_used_at: Timestamp | null;
}

/** One row a kind of work that is done once in a while, by whichever host comes first. */
export interface UpkeepTable {
  name: Text;
  begun_at: Generated<Timestamp>;
  ended_at: Timestamp | null;
  report: JsonText | null;
}

/** A plain value, or a secret of which only encrypted text is kept. */
export interface ConfigValuesTable {
  workspace_id: Uuid;
  key: PathText;
  is_secret: Bool;
  value: JsonText | null;
  encrypted: Text | null;
  /** A list of references; only of a secret. */
  granted_to: Generated<JsonText>;
  version: Generated<BigInteger>;
  created_at: Generated<Timestamp>;
  updated_at: Generated<Timestamp>;
}

export interface Database {
  workspaces: WorkspacesTable;
  workspace_files: WorkspaceFilesTable;
  module_contents: ModuleContentsTable;
  trees: TreesTable;
  snapshots: SnapshotsTable;
  head_history: HeadHistoryTable;
  compiled: CompiledTable;
  workflows: WorkflowsTable;
  schedules: SchedulesTable;
  executions: ExecutionsTable;
  execution_logs: ExecutionLogsTable;
  hosts: HostsTable;
  claim_turns: ClaimTurnsTable;
  requirements: RequirementsTable;
  config_values: ConfigValuesTable;
  tokens: TokensTable;
  upkeep: UpkeepTable;
}

/** What every query function takes: the pool, or the transaction it is part of. */
export type Connection = Kysely<Database> | Transaction<Database>;
