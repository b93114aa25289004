// "bifrost-executor/testing".
export { createHarness, type Files, type Harness, type HarnessOptions, type HarnessRunOptions } from "./harness.ts";
export type { HarnessLimits } from "./harness-limits.ts";
export { closeSharedPools } from "./shared-pools.ts";
export type { Execution, ExecutionError, LogLine, StackFrame, Usage } from "../completion.ts";
export type { Grants, Tier } from "../settings.ts";
export { Fault, type FaultCode } from "../errors.ts";
