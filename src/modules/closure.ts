// The shape of what an execution needs before it can begin: every module that its entries import, with its links.
import type { Fault } from "../errors.ts";
import type { ContentHash } from "./content-hash.ts";
import type { ModulePath } from "./module-path.ts";
import type { CompiledModule } from "./module-record.ts";

/** Where one specifier of a module leads. No ModulePath in a closure is "sdk": modules have an extension. */
export interface Link {
  readonly specifier: string;
  readonly target: ModulePath | "sdk";
}

export interface ClosureModule {
  readonly path: ModulePath;
  readonly hash: ContentHash;
  readonly compiled: CompiledModule;
  /** One for each distinct specifier of a static import or re-export, in source order; `bifrost:module` is not among them. */
  readonly links: readonly Link[];
  /** False for what only an `import()` with a literal specifier names: at hand, but not yet linked. */
  readonly static: boolean;
}

export interface LoadedClosure {
  readonly entries: readonly ModulePath[];
  /** What was not known before, in the order in which it was reached. */
  readonly modules: readonly ClosureModule[];
  /** True when one of them imports the SDK, or may do so with a computed `import()`. */
  readonly usesSdk: boolean;
  /** True when one of them may touch the SDK's `z`. */
  readonly usesZod: boolean;
  readonly failure?: undefined;
}

/** The author's to fix: what stands in the way of the first entry that cannot be loaded. */
export interface FailedClosure {
  readonly entries: readonly ModulePath[];
  readonly modules: readonly never[];
  readonly usesSdk: false;
  readonly usesZod: false;
  readonly failure: Fault;
}

export type Closure = LoadedClosure | FailedClosure;
