// "bifrost-executor/testing".
export { createHarness, type Files, type Harness, type HarnessLimits, type HarnessOptions, type HarnessRunOptions } from "./harness.ts";
export { closeSharedPools } from "./shared-pools.ts";
export type { Execution, ExecutionError, LogLine, StackFrame, Usage } from "../completion.ts";
export { Fault, type FaultCode } from "../errors.ts";
