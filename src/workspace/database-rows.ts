// Rows as the database keeps them ↔ the shapes of the origin port. Pure.
import type { CompiledRow, NewCompiledRow } from "../../db/queries/compiled.ts";
import type { SnapshotRow } from "../../db/queries/snapshots.ts";
import type { WorkflowRow, WorkflowWrite } from "../../db/queries/workflows.ts";
import type { FileSummary } from "../../db/queries/workspace-files.ts";
import type { WorkspaceRow } from "../../db/queries/workspaces.ts";
import { decodeText, encodeText, originalJson, storableJson } from "../../db/text.ts";
import type { Limits } from "../limits.ts";
import type { CompiledKey, ContentHash } from "../modules/content-hash.ts";
import type { CompiledModule, CompilerOptionsSubset, ModuleFacts } from "../modules/module-record.ts";
import type { ModulePath } from "../modules/module-path.ts";
import { withOwnSettings, type WorkspaceSettings } from "../settings.ts";
import { compiledDigest } from "../snapshot/compiled-record.ts";
import { decodeUtf8 } from "../snapshot/json-text.ts";
import type { EntityType, Executable, LiveFile, RetryPolicy, Workspace } from "../snapshot/origin.ts";
import type { SnapshotId, SnapshotRecord, TreeHash } from "../snapshot/snapshot-record.ts";
import { NOT_DESCRIBED } from "./executables.ts";
import { readOwnSettings, type StoredSettings } from "./stored-settings.ts";

export function workspaceOf(row: WorkspaceRow, defaults: WorkspaceSettings): Workspace {
  return { id: row.id, name: decodeText(row.name), ...withOwnSettings(defaults, readOwnSettings(storedSettingsOf(row))) };
}

export function storedSettingsOf(row: WorkspaceRow): StoredSettings {
  return { workspace: decodeText(row.name), text: row.settings };
}

/** What the release before reads in place of the settings. */
export function limitColumns({ wallMs, cpuMs, memoryBytes }: Limits): Pick<WorkspaceRow, "wall_ms" | "cpu_ms" | "memory_bytes"> {
  return { wall_ms: wallMs, cpu_ms: cpuMs, memory_bytes: memoryBytes };
}

/** As stored, the id included: whether the parts give that id is for the reader to check. */
export function snapshotOf(row: SnapshotRow): SnapshotRecord {
  return {
    id: row.id as SnapshotId,
    format: 1,
    tree: row.tree as TreeHash,
    packageLock: row.package_lock,
    compilerOptions: JSON.parse(row.compiler_options) as CompilerOptionsSubset,
  };
}

export function liveFileOf(row: FileSummary): LiveFile {
  return {
    path: row.path as ModulePath,
    entityType: row.entity_type as EntityType,
    hash: row.content_hash as ContentHash,
    sizeBytes: row.size_bytes,
    contentType: row.content_type,
    updatedAt: row.updated_at.toISOString(),
  };
}

export function executableOf(row: WorkflowRow): Executable {
  return {
    id: row.id,
    path: row.path as ModulePath,
    exportName: decodeText(row.export_name),
    name: decodeText(row.name),
    kind: row.kind as Executable["kind"],
    parameters: row.parameter_schema === null ? null : (JSON.parse(originalJson(row.parameter_schema)) as unknown),
    parametersReason: row.parameters_reason === null ? null : decodeText(row.parameters_reason),
    closureHash: row.parameters_closure_hash,
    timeoutMs: row.timeout_ms,
    retry: row.retry === null ? null : (JSON.parse(row.retry) as RetryPolicy),
    cacheMs: row.cache_ms,
    active: row.is_active,
  };
}

/** `closureHash`: what the parameters were found for, where the row has it. */
export function workflowRowOf(executable: Executable, closureHash: string | null): WorkflowWrite {
  const { parameters, parametersReason } = executable;
  return {
    id: executable.id,
    path: executable.path,
    export_name: encodeText(executable.exportName),
    name: encodeText(executable.name),
    kind: executable.kind,
    parameter_schema: parametersText(parameters),
    parameters_reason: parametersReason === null ? null : encodeText(parametersReason),
    parameters_closure_hash: parametersReason === NOT_DESCRIBED ? null : closureHash,
    timeout_ms: executable.timeoutMs,
    retry: retryText(executable.retry),
    cache_ms: executable.cacheMs,
    is_active: executable.active,
  };
}

export function parametersText(parameters: unknown): string | null {
  return parameters === null || parameters === undefined ? null : storableJson(JSON.stringify(parameters));
}

export function retryText(retry: RetryPolicy | null): string | null {
  return retry === null ? null : JSON.stringify(retry);
}

export function compiledRowOf(module: CompiledModule): NewCompiledRow {
  return {
    key: module.key,
    source_hash: module.sourceHash,
    js: Buffer.from(module.js),
    js_hash: compiledDigest(module),
    map: Buffer.from(module.map),
    facts: storableJson(JSON.stringify(module.facts)),
  };
}

/** Undefined where the row's own hash does not fit what it holds (B24). */
export function compiledOf(row: CompiledRow): CompiledModule | undefined {
  const [js, map] = [decodeUtf8(row.js), decodeUtf8(row.map)];
  if (js === undefined || map === undefined) return undefined;
  const facts = JSON.parse(originalJson(row.facts)) as ModuleFacts;
  if (compiledDigest({ js, map, facts }) !== row.js_hash) return undefined;
  return { key: row.key as CompiledKey, sourceHash: row.source_hash as ContentHash, js, map, facts };
}

/** Bytes a compiled row brings to a statement. */
export function compiledRowSize(row: NewCompiledRow): number {
  return row.js.byteLength + row.map.byteLength + row.facts.length;
}
