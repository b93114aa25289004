// How much private memory a child may have in all (RLIMIT_DATA).

export type Tier = "jit" | "jitless";

const MB = 1024 * 1024;

/** With a compiler V8 reserves address space by the gigabyte, and the kernel counts it: a bound on what is beyond reason. */
const JIT_BASE_BYTES = 4096 * MB;
/** Without, what is counted is what is used. */
const JITLESS_BASE_BYTES = 400 * MB;

/** `memoryBytes`: of the largest run; 0 for none. */
export function dataLimit(tier: Tier, memoryBytes: number): number {
  return tier === "jit" ? JIT_BASE_BYTES + 2 * memoryBytes : JITLESS_BASE_BYTES + memoryBytes;
}

export function jitlessFlags(tier: Tier): readonly string[] {
  return tier === "jitless" ? ["--jitless"] : [];
}
