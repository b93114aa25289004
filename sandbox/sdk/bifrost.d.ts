// Types of `import … from "bifrost"`, for editors and for checking author code. What is behind them is executables.ts
// and context.ts. The globals of the room are in ./room.d.ts.
/* oxlint-disable typescript/no-explicit-any -- parameters without a schema are whatever the caller gave */

import type { z } from "zod";

export { z } from "zod";

/** Any JSON data. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Writes one line to the execution's log. `data` is kept beside the message as JSON. */
export type LogFunction = (message: unknown, data?: unknown) => void;

export interface Log {
  readonly debug: LogFunction;
  readonly info: LogFunction;
  readonly warn: LogFunction;
  readonly error: LogFunction;
}

/** Second argument of every workflow, tool and data provider. */
export interface Context {
  readonly log: Log;
  /** UUID of this execution. */
  readonly executionId: string;
  /** `path::export` of what was started. */
  readonly workflow: string;
  /** Name of the workspace. */
  readonly workspace: string;
  /**
   * Aborts when the execution is cancelled, with a DOMException named AbortError as its reason. What still runs a moment later is ended from
   * outside, so stop what you do and throw: `ctx.signal.throwIfAborted()`, or an "abort" listener for what waits.
   */
  readonly signal: AbortSignal;
}

/** What follows the Standard Schema interface; zod's schemas do, and so do those of most other libraries. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => unknown;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** A schema for `params`: zod's, a Standard Schema, or anything with `safeParse`. */
export type ParamsSchema = z.ZodType | StandardSchema<any, any> | { safeParse(value: unknown): unknown };

/** What the function gets: the schema's output, defaults filled in. */
export type ParamsOf<Schema> = Schema extends z.ZodType ? z.output<Schema> : Schema extends StandardSchema<any, infer Output> ? Output : any;

/** What a caller may give: the schema's input, defaults left out. */
export type InputOf<Schema> = Schema extends z.ZodType ? z.input<Schema> : Schema extends StandardSchema<infer Input, any> ? Input : any;

export interface Options<Schema extends ParamsSchema = ParamsSchema> {
  /** Unique in the workspace; without it the export's name is used. */
  readonly name?: string;
  /** For people who choose it from a list. */
  readonly description?: string;
  /** Checked before the function is called; problems go to the caller. */
  readonly params?: Schema;
  /** Longest run: milliseconds, or "30s", "5m", "1h". */
  readonly timeout?: number | string;
}

/** How often an execution that failed is tried again. */
export interface Retry {
  /** With the first: 1 to 20; 3 where absent. */
  readonly attempts?: number;
  /** Before the second attempt: milliseconds, or "500ms", "30s", "5m", an hour at most; 1 s where absent. Doubles for each that follows. */
  readonly backoff?: number | string;
}

export interface RetryOptions {
  /**
   * An execution that a host takes from the queue is tried again where the system failed before this code began. Every attempt has the input and
   * the snapshot of the first.
   */
  readonly retry?: Retry;
  /**
   * Says that running it twice does what running it once does: then it is tried again whatever it failed with, also where the host that ran it is
   * lost; but not where it was cancelled, its input does not fit, or its modules cannot be loaded.
   */
  readonly idempotent?: boolean;
}

/** May be called by other author code: the same check, the same context, the function's own result. */
export type Executable<Input, Result> = (...params: undefined extends Input ? [params?: Input] : [params: Input]) => Promise<Awaited<Result>>;

export interface Declare<Own = unknown> {
  <Result>(body: (params: any, ctx: Context) => Result): Executable<any, Result>;
  <Schema extends ParamsSchema, Result>(
    options: Options<Schema> & Own & { readonly params: Schema },
    body: (params: ParamsOf<Schema>, ctx: Context) => Result,
  ): Executable<InputOf<Schema>, Result>;
  <Result>(options: Options & Own & { readonly params?: undefined }, body: (params: any, ctx: Context) => Result): Executable<any, Result>;
}

/** Declares a runnable workflow. Export what it returns. */
export declare const workflow: Declare<RetryOptions>;

/** Declares a tool. Export what it returns. */
export declare const tool: Declare;

/** One entry of a data provider's list. */
export interface DataOption {
  readonly label: string;
  readonly value: Json;
  readonly metadata?: { readonly [key: string]: Json };
}

export interface CacheOptions {
  /**
   * For how long what it returned may be given again to whoever asks with the same parameters: milliseconds, or "30s", "5m", "1h", seven days at
   * most. Not at all where absent. A change of this code, or of anything that it imports, makes it be called again at once; so does a failure,
   * which is never kept. For lists that callers ask the service for: who runs or imports the data provider always calls it.
   */
  readonly cache?: number | string;
}

/** Declares a data provider: what it returns is offered for a parameter. Export what it returns. */
export declare const dataProvider: {
  <Result extends readonly DataOption[]>(body: (params: any, ctx: Context) => Result | Promise<Result>): Executable<any, Result>;
  <Schema extends ParamsSchema, Result extends readonly DataOption[]>(
    options: Options<Schema> & CacheOptions & { readonly params: Schema },
    body: (params: ParamsOf<Schema>, ctx: Context) => Result | Promise<Result>,
  ): Executable<InputOf<Schema>, Result>;
  <Result extends readonly DataOption[]>(
    options: Options & CacheOptions & { readonly params?: undefined },
    body: (params: any, ctx: Context) => Result | Promise<Result>,
  ): Executable<any, Result>;
};

/** Other workflows of the workspace, each run as an execution of its own. */
export declare const workflows: {
  /**
   * Executes a workflow as a caller would, with a record of its own, in the snapshot of this execution, with its secrets and within what is left
   * of its time. One at a time: others wait for their turn. Resolves to the result. Rejects with what the workflow failed with, as an error
   * that has the execution's id as `executionId` and, where a limit or a fault ended it, its `code`; with `code` ERR_CALL_DEPTH where workflows
   * execute one another too deep.
   *
   * What is imported can also be called directly, which is much cheaper and makes no execution.
   *
   * @param reference the workflow's name, path, path::export or id
   * @param input JSON data; {} where absent
   */
  execute<Result = any>(reference: string, input?: unknown): Promise<Result>;
};

/** What the workspace is configured with, and what was given to this execution. */
export declare const config: {
  /**
   * Resolves to a secret as a string, to a plain value as the JSON data that it was set to, and to undefined where there is neither. A secret
   * that was given to the execution comes before what the workspace has. It does not appear in results, logs and errors, nor in what is kept
   * of them. Rejects with an error named ConfigDeniedError where the workspace has a secret of this name that is not granted to the workflow
   * which was started; what is imported, and called directly, reads with the grants of that workflow, and what is executed with its own.
   *
   * There is nothing to be read in a dry run, nor while modules are evaluated to learn a workflow's parameters: call this inside of the function.
   *
   * @typeParam Value what a plain value is; a string where nothing is said
   */
  get<Value = string>(key: string): Promise<Value | undefined>;
};

/** An error whose message is shown to the caller as it is. Other errors are shown in full to administrators only. */
export declare class UserError extends Error {
  constructor(message?: string, options?: { cause?: unknown });
}
