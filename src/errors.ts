// The fault table: every code this project gives, who must act on it, and how it leaves by each door.
// Author code that throws by itself carries no code from here.

export type FaultOwner = "author" | "limits" | "caller" | "operator" | "project";

export interface FaultKind {
  readonly owner: FaultOwner;
  /** Exit code of `run-workflow`. */
  readonly exitCode: number;
  /** HTTP status of the RPC; 200 means the envelope carries the error. */
  readonly httpStatus: number;
  /** True when the same call may succeed later without any change. */
  readonly retryable: boolean;
  /** One sentence for the error table. */
  readonly meaning: string;
}

function kind(owner: FaultOwner, exitCode: number, httpStatus: number, meaning: string): FaultKind {
  return Object.freeze({ owner, exitCode, httpStatus, retryable: owner === "operator", meaning });
}

export const FAULTS = Object.freeze({
  ERR_RESULT_NOT_SERIALIZABLE: kind("author", 1, 200, "The result holds something that is not plain data; the path is named."),
  ERR_RESULT_TOO_LARGE: kind("author", 1, 200, "The result's JSON is larger than the limit."),
  ERR_RESULT_INVALID: kind("author", 1, 200, "A data provider's result is no list of { label, value, metadata? }; the path is named."),
  ERR_HOST_CALL_LIMIT: kind("author", 1, 200, "The execution called the host more often, or waited for more answers at once, than the limit."),
  ERR_CALL_DEPTH: kind("author", 1, 200, "Workflows execute one another deeper than the limit."),

  ERR_MODULE_NOT_FOUND: kind("author", 4, 200, "An import names nothing in the snapshot; candidates and the nearest name are listed."),
  ERR_MODULE_SYNTAX: kind("author", 4, 200, "A module does not parse, or is not text."),
  ERR_EXPORT_MISSING: kind("author", 4, 200, "An import names an export that the module does not have."),
  ERR_CLOSURE_TOO_LARGE: kind("author", 4, 200, "An execution imports more modules than the limit."),
  ERR_SOURCE_TOO_LARGE: kind("author", 4, 200, "A module's source is larger than the limit."),
  ERR_NESTING_LIMIT: kind("author", 4, 200, "A module's source is nested deeper, or is more complex, than what may be compiled."),

  ERR_IMPORT_DENIED: kind("author", 5, 200, "An import is forbidden by the import policy; the rule and an alternative are named."),
  ERR_SPECIFIER_INVALID: kind("author", 5, 200, "An import specifier leaves the workspace or is malformed."),

  ERR_TIMEOUT_WALL: kind("limits", 124, 200, "The execution ran longer than its wall-clock limit."),
  ERR_TIMEOUT_CPU: kind("limits", 124, 200, "The execution used more processor time than its limit."),
  ERR_CANCELLED: kind("limits", 130, 200, "The execution was cancelled."),
  ERR_MEMORY_LIMIT: kind("limits", 137, 200, "The execution used more memory than its limit."),
  ERR_PROCESS_CRASH: kind("limits", 137, 200, "The process that ran the execution died."),

  ERR_INPUT_INVALID: kind("caller", 2, 400, "The input, or an option, does not fit; path, expected and received are named."),
  ERR_INPUT_TOO_LARGE: kind("caller", 2, 413, "The input's JSON is larger than the limit."),
  ERR_PATH_INVALID: kind("caller", 2, 400, "A path cannot name a workspace file."),
  ERR_WORKFLOW_AMBIGUOUS: kind("caller", 2, 409, "Several workflows have this name; the candidates are listed."),
  ERR_PATH_EXISTS: kind("caller", 2, 409, "The target path already holds a file."),
  ERR_CONTENT_CHANGED: kind("caller", 2, 409, "The file is not the version the caller expected."),
  ERR_IDEMPOTENCY_CONFLICT: kind("caller", 2, 409, "The idempotency key, or the execution id, was used before for another request."),
  ERR_UNAUTHENTICATED: kind("caller", 2, 401, "The request carries no token, or one that is not known, has expired or was revoked."),
  ERR_FORBIDDEN: kind("caller", 2, 403, "The token does not have the scope, or the workspace, that the request needs."),
  ERR_EXECUTION_ENDED: kind("caller", 2, 409, "The execution has ended already and cannot be cancelled."),

  ERR_WORKFLOW_NOT_FOUND: kind("caller", 3, 404, "No workflow has this id or name."),
  ERR_EXECUTABLE_NOT_FOUND: kind("caller", 3, 404, "The file has no such runnable export; what it exports is listed."),
  ERR_PATH_NOT_FOUND: kind("caller", 3, 404, "The workspace has no file at this path."),
  ERR_EXECUTION_NOT_FOUND: kind("caller", 3, 404, "No execution has this id."),
  ERR_CONFIG_NOT_FOUND: kind("caller", 3, 404, "The workspace has no configuration value of this key."),

  ERR_CONFIG_INVALID: kind("operator", 69, 503, "The configuration is wrong; the setting and the value are named."),
  ERR_REDIS_UNAVAILABLE: kind("operator", 69, 503, "Redis does not answer."),
  ERR_DATABASE_UNAVAILABLE: kind("operator", 69, 503, "The database does not answer."),
  ERR_RPC_UNAVAILABLE: kind("operator", 69, 503, "The RPC does not answer; given by its clients."),
  ERR_SNAPSHOT_INTEGRITY: kind("operator", 69, 503, "Stored content does not have the hash it is stored under."),
  ERR_CACHE_INCONSISTENT: kind("operator", 69, 503, "The index names content that neither cache nor database has."),
  ERR_CACHE_CORRUPT: kind("operator", 69, 503, "A stored record has the wrong shape and could not be restored."),
  ERR_EXECUTOR_BUSY: kind("operator", 69, 503, "No process became free in time."),
  ERR_EXECUTOR_CLOSED: kind("operator", 69, 503, "The executor is closing and takes no more executions."),

  ERR_INTERNAL: kind("project", 70, 500, "A defect in bifrost-executor."),
} as const satisfies Record<string, FaultKind>);

export type FaultCode = keyof typeof FAULTS;

/** JSON-safe facts about a fault: the place, the value, the candidates. Never secrets, never host paths. */
export type FaultDetails = Readonly<Record<string, unknown>>;

/**
 * What caller, operator or the project itself must fix, and also how a failure of author code *before* it ran
 * is described. Thrown only for the first three; for author code it is carried in a Completion.
 */
export class Fault extends Error {
  override readonly name: string;
  readonly code: FaultCode;
  readonly details: FaultDetails;

  constructor(code: FaultCode, message: string, options: { readonly details?: FaultDetails; readonly cause?: unknown; readonly name?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = options.name ?? "Fault";
    this.code = code;
    this.details = options.details ?? {};
  }

  get owner(): FaultOwner {
    return FAULTS[this.code].owner;
  }

  get retryable(): boolean {
    return FAULTS[this.code].retryable;
  }
}

export function isFaultCode(value: unknown): value is FaultCode {
  return typeof value === "string" && Object.hasOwn(FAULTS, value);
}
