// "bifrost-executor/client": for callers over the network, and for those that start `run-workflow --json` or read stored
// envelopes. Reaches no engine, no database and no Redis, and loads none of their libraries.
export { FAULTS, isFaultCode, type FaultCode, type FaultKind, type FaultOwner } from "../errors.ts";
export { STATUSES } from "../completion.ts";
export type { Execution, ExecutionError, ExecutionStatus, LogLevel, LogLine, ModuleUse, StackFrame, TerminalStatus, Usage } from "../completion.ts";
export { createClient, type Client, type WorkflowFilter } from "./client-create.ts";
export { ExecutionFailure, parseEnvelope, resultOf, type Refusal } from "./client-envelope.ts";
export { RpcFault } from "./client-fault.ts";
export type { AdminCalls, Readiness, SecretOptions } from "./client-admin.ts";
export type { CallOptions, ClientOptions } from "./client-calls.ts";
export type { Cancellation, ExecuteOptions, ExecutionCalls, LogOptions, ValidateOptions } from "./client-executions.ts";
export type { ExpectedHash, FileCalls, FileChanges, WriteOptions } from "./client-files.ts";
export type { FollowedLine, LineOrigin } from "./client-lines.ts";
export type { ExecutionPage, ExecutionState, ExecutionSummary } from "../executions/ledger.ts";
