// What a room is given to do and what it tells meanwhile. Text and numbers only: the same shapes travel between
// supervisor and child (process/protocol.ts).
import type { LogLevel } from "../completion.ts";

/** One module of a plan. `links` maps each specifier of its static imports to an index in the plan, or SDK_LINK. */
export interface PlanModule {
  readonly path: string;
  /** Key of its code (see RunMessage.code). */
  readonly key: string;
  readonly links: readonly (readonly [specifier: string, target: number])[];
  /** True where the code imports "bifrost:module" (it uses `import()` or `import.meta`). */
  readonly scoped: boolean;
}

export const SDK_LINK = -1;

/** A closure ready to be linked. Kept by the child under its id, so that a repeated run sends only the id. */
export interface Plan {
  readonly id: number;
  readonly entry: number;
  readonly modules: readonly PlanModule[];
}

export type CodeEntry = readonly [key: string, js: string];

/** One run's work. `input` and `context` are JSON text; a limit of 0 means none. */
export interface RoomJob {
  readonly zod: boolean;
  /** call: run it; validate: everything but the call; describe: read its parameters. */
  readonly mode: "call" | "validate" | "describe";
  readonly exportName: string;
  readonly input: string;
  /** JSON text of ContextFacts (sandbox/host.d.ts). */
  readonly context: string;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly memoryMb: number;
  readonly bounds: RoomBounds;
  readonly grants: RoomGrants;
}

/** Limits that the room and its host keep between them (src/limits.ts says what each means). */
export interface RoomBounds {
  readonly logLines: number;
  readonly logBytes: number;
  readonly pendingCalls: number;
  readonly totalCalls: number;
  readonly resultBytes: number;
}

/** What a workspace may be given beyond what a room has by default. */
export interface RoomGrants {
  readonly webAssembly: boolean;
  /** `eval` and the Function constructors. */
  readonly codeGeneration: boolean;
}

/** Answer to a dynamic import: the plan's entry is the module asked for; modules the room has already are linked, not made again. */
export interface ImportReply {
  readonly importId: number;
  readonly plan?: Plan;
  readonly sdk?: boolean;
  /** Whether what is imported may touch the SDK's `z`. */
  readonly zod?: boolean;
  readonly failure?: { readonly name: string; readonly message: string; readonly code: string };
}

export interface LogEntry {
  readonly level: LogLevel;
  /** Literal text and V8 stacks in turn. */
  readonly parts: readonly string[];
  /** JSON text. */
  readonly data?: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface RoomUsage {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMemoryBytes: number;
  /** Until the modules were linked, and author code began; absent where it did not come to that. */
  readonly linkedMs?: number | undefined;
}
