// "bifrost-executor": run workflows from another program, without a server in between.
//
//   await using executor = await openStored(readConfig(), { workspace: "default" });
//   const execution = await executor.run("close-stale-tickets", JSON.stringify({ days: 30 }));
export { readConfig, type Config, type Environment } from "./config.ts";
export { openDirectory, openStored, type DirectoryOptions } from "./open.ts";
export type { Executor, RunOptions } from "./executor.ts";
export type { NestedOrigin } from "./executions/order.ts";
export type { Cancellation, CancelPhase } from "./executions/running.ts";
export type { Secrets } from "./executions/scrub.ts";
export type { ConfigEntry, ConfigValues } from "./workspace/config-values.ts";
export type { StoredOptions } from "./open-stored.ts";
export { forCaller } from "./audience.ts";
export { FAULTS, Fault, isFaultCode, type FaultCode, type FaultDetails, type FaultKind, type FaultOwner } from "./errors.ts";
export { lowerLimits, DEFAULT_LIMITS, type Limits } from "./limits.ts";
export { DEFAULT_SETTINGS, type Grants, type Tier, type WorkspaceSettings } from "./settings.ts";
export { STATUSES } from "./completion.ts";
export type { Execution, ExecutionError, ExecutionStatus, LogLevel, LogLine, ModuleUse, StackFrame, TerminalStatus, Usage } from "./completion.ts";
