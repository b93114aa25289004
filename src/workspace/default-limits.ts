// Limits that a new workspace has until its operator sets others.
import type { WorkspaceLimits } from "../snapshot/origin.ts";

export const DEFAULT_LIMITS: WorkspaceLimits = Object.freeze({ wallMs: 300_000, cpuMs: 60_000, memoryBytes: 128 * 1024 * 1024 });
