// One workspace with what a run of it must give, whatever the route. The same list goes through the harness, the command
// line and, where `node` says so, Node itself.

export interface Fixture {
  /** Reads as the end of "… gives the same: ". */
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** "wf.ts" where absent. */
  readonly entry?: string;
  readonly input?: unknown;
  /** True where the files are plain ECMAScript or erasable TypeScript, with specifiers that Node can follow too. */
  readonly node: boolean;
  /** True where the stored way of the command line runs it as well; each costs a start of the embedded database. */
  readonly stored?: boolean;
  /** True where the run ends while an import() is on its way: whether that was linked is a matter of chance. */
  readonly racing?: boolean;
  readonly expect: Expectation;
}

export interface Expectation {
  readonly result?: unknown;
  /** Messages in order; levels too where they are written `level: message` with a level other than info. */
  readonly logs?: readonly string[];
  /** Then the run is Failed. */
  readonly error?: ExpectedError;
}

export interface ExpectedError {
  readonly name: string;
  /** The whole message; where `code` is given, its beginning: we say more than Node. */
  readonly message: string;
  readonly code?: string;
  readonly cause?: { readonly name: string; readonly message: string };
  /** `path:line` of the first author frame. Not asked of Node, whose positions are those of the same source anyway. */
  readonly at?: string;
}

/** What a route gives, as far as routes must agree. */
export interface Outcome {
  readonly status: string;
  readonly result: unknown;
  readonly error: { readonly name: string; readonly message: string; readonly cause?: { readonly name: string; readonly message: string } } | undefined;
  readonly logs: readonly string[];
}

/** A workflow's file: `head` at the top level, `body` in its function, with `p` and `ctx`. Erasable TypeScript. */
export function workflow(body: string, head = ""): string {
  return `import { workflow } from "bifrost";\n${head}\nexport default workflow(async (p: any, ctx: any) => {\n${body}\n});\n`;
}
