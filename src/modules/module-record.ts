// What is known of one module once its source has been parsed: the shapes that transpiler, caches, loader and
// resolver share. All of them are JSON-safe, because they are stored by hash beside the content.
import type { CompiledKey, ContentHash } from "./content-hash.ts";

/** How a source text is read. Decided by the path's extension only (see module-path.ts). */
export type ScriptKind = "ts" | "tsx" | "js" | "jsx" | "json";

/** 1-based line and column in the author's source (column counts UTF-16 units). */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One import in source order. Imports used only as types are not listed. */
export interface ImportRecord extends Position {
  /** Exactly as written, from the syntax tree; for `dynamic` undefined when it is computed. */
  readonly specifier: string | undefined;
  readonly kind: "static" | "reexport" | "dynamic";
  /** Imported names as the other module exports them; `"*"` for a namespace import or `export *`. */
  readonly names: readonly { readonly name: string; readonly line: number; readonly column: number }[];
  /** Only on a plain `export * from`: every name of the other module but `default` flows through. */
  readonly star?: true;
}

export interface Diagnostic extends Position {
  /** TypeScript's number, or 0 for our own. */
  readonly code: number;
  readonly severity: "error" | "warning";
  readonly message: string;
}

/** An SDK call found in the tree (B50). */
export interface EntityRecord extends Position {
  readonly kind: "workflow" | "tool" | "data_provider";
  /** `"default"` or the export's name. */
  readonly exportName: string;
  /** The literal `name` of the first argument, when it is one. */
  readonly name: string | undefined;
}

/** How deep a source nests (see Limits.nesting), and where it is deepest. */
export interface SourceNesting extends Position {
  readonly depth: number;
}

export interface ModuleFacts {
  readonly imports: readonly ImportRecord[];
  /** Names exported directly, `"default"` included; names behind `export *` are not. */
  readonly exports: readonly string[];
  readonly entities: readonly EntityRecord[];
  /** Syntax errors (severity error) and notes on save such as a use of `require` (warning). */
  readonly diagnostics: readonly Diagnostic[];
  /** True where the emitted code imports `bifrost:module` (for `import()` and `import.meta`); that import is not in `imports`. */
  readonly usesModuleScope?: boolean;
  readonly nesting: SourceNesting;
}

/** What a transpile gives. With a syntax error `js` is empty, and `facts.diagnostics` says why. */
export interface CompiledModule {
  readonly key: CompiledKey;
  readonly sourceHash: ContentHash;
  readonly js: string;
  /** Source map v3 as JSON text without `sources` or `sourcesContent`: the same code serves any path. Empty for JSON. */
  readonly map: string;
  readonly facts: ModuleFacts;
}

/** The part of a root tsconfig.json that is honoured (B34). Keys sorted; absent keys absent. */
export interface CompilerOptionsSubset {
  readonly emitDecoratorMetadata?: boolean;
  readonly experimentalDecorators?: boolean;
  readonly jsx?: "react" | "react-jsx" | "react-jsxdev" | "preserve";
  readonly jsxFactory?: string;
  readonly jsxFragmentFactory?: string;
  readonly jsxImportSource?: string;
  readonly useDefineForClassFields?: boolean;
}
