// The whole border between the room (code inside the isolate) and the host. Only text, numbers and booleans cross,
// except where a comment says otherwise. Both sides compile against this file.

/** Functions the host grants. Each is an isolated-vm Callback; none may ever be reachable from author code. */
export interface Host {
  /**
   * One log line, fire and forget, in order. `parts` is JSON text of string[]: even elements are literal text, odd
   * elements are runs of V8's frame lines, each line behind a newline and perhaps indented more than V8 does, for the host to map to TypeScript
   * positions; their headers are in the literal text before. `data` is JSON text of ctx.log's second
   * argument, or undefined.
   */
  log(level: "debug" | "info" | "warn" | "error", parts: string, data: string | undefined): void;
  /**
   * Asks the host to call Room.fireTimer(id) after `milliseconds`; fire and forget. 0 is for setImmediate: as soon as
   * the host's event loop has turned.
   */
  startTimer(id: number, milliseconds: number): void;
  stopTimer(id: number): void;
  /** The executable's own timeout, counted from now; it can only lower the execution's wall-clock limit. Fire and forget. */
  limitWall(milliseconds: number): void;
  /**
   * An asynchronous host function; the host answers with Room.settle(callId, …). Fire and forget.
   * name "digest": argument is JSON {algorithm, base64}; answer is base64 text. Other names are the supervisor's to answer:
   * "config": {key}; answer is JSON {value}, {} where there is none, or {error} (ExecutionFailure in errors.ts). "execute": {reference, input?}; answer is JSON {result}, or {error} (ExecutionFailure in errors.ts).
   */
  call(callId: number, name: string, argument: string): void;
  /** A dynamic import. The host answers by evaluating a root that calls BuiltInModules.arrive, or with Room.importFailed. Fire and forget. */
  importModule(importId: number, specifier: string, referrer: string): void;
  /** A limit of RoomBounds was passed: the host ends the run, whatever author code does with what it meets meanwhile. Said once. Synchronous. */
  exceeded(limit: "pendingCalls" | "totalCalls" | "resultBytes", amount: number): void;
  /** Monotonic milliseconds since the room was entered. Synchronous. */
  now(): number;
  /** `count` random bytes (at most 65536) as a fresh ArrayBuffer copied into the room. Synchronous. */
  randomBytes(count: number): ArrayBuffer;
}

/** What a workspace may be given beyond what a room has by default. */
export interface Grants {
  readonly webAssembly: boolean;
  readonly codeGeneration: boolean;
}

/** Limits that the room keeps before the host does, so that a flood stays inside; src/limits.ts says what each means. */
export interface Bounds {
  readonly logLines: number;
  readonly logBytes: number;
  readonly pendingCalls: number;
  readonly totalCalls: number;
  readonly resultBytes: number;
}

/**
 * What the bootstrap gives back to the host: `(host, grants as JSON text) => Room`. The host holds references to these functions;
 * author code can reach none of them. They run in strict mode and use captured intrinsics only.
 */
export interface Room {
  /** JSON text of Bounds, for the one run of this room; before any author code. */
  begin(bounds: string): void;
  /** Aborts `ctx.signal`. False: author code has never read it, so nobody can be listening. */
  cancel(): boolean;
  /**
   * Calls an executable. `namespace` is the entry's module namespace object (dereferenced into the room by the host),
   * `input` JSON text, `context` JSON text of ContextFacts. Never throws or rejects: resolves with
   *   "R" + result JSON ("Rnull" for undefined)      the workflow returned
   *   "F" + result JSON                              it returned an object with success === false
   *   "I" + JSON of InputProblem[]                   the input does not fit the schema
   *   "S" + JSON of {path, found, message}           the result is not plain data
   *   "O" + JSON of {path, expected, received}       a data provider's result is no list of options
   *   "X" + JSON of {exports: string[], found}       the export is not an executable; found: "undefined", "function", "number" …
   *   "E" + JSON of GuestError                       it threw
   */
  invoke(namespace: object, exportName: string, input: string, context: string): Promise<string>;
  /**
   * As `invoke`, for the namespace that arrived under import id 0 (see BuiltInModules.arrive); waits for it to arrive.
   * mode "validate": everything but the call of the function; a fitting input resolves with "Rnull".
   */
  invokeArrived(exportName: string, input: string, context: string, mode: string): Promise<string>;
  /** As `describe`, for the namespace that arrived under import id 0; waits for it to arrive. */
  describeArrived(exportName: string): Promise<string>;
  /** Does nothing: V8 reports a late rejection at the end of the next call. */
  idle(): void;
  /**
   * Facts of one executable after evaluation: "D" + JSON {kind, name: string | null, description: string | null, timeoutMs: number | null,
   * retry: {attempts, backoffMs, idempotent} | null, cacheMs: number | null, parameters: JSON Schema | null, reason: string | null}, or "X"/"E" as above. Neither parameters nor reason: it declares none.
   */
  describe(namespace: object, exportName: string): string;
  /** Throws what the callback throws. */
  fireTimer(id: number): void;
  /** Answer to Host.call: ok → `text` is the answer; otherwise JSON of {name, message, code?}. */
  settle(callId: number, ok: boolean, text: string): void;
  /** The namespace object of what Host.importModule asked for, from a host that evaluates modules without a root. */
  importDone(importId: number, namespace: object): void;
  /** JSON of {name, message, code?}: rejects with an error of the realm's own class; or, when `thrown` is not -1, with the value kept under it (see takeThrown). */
  importFailed(importId: number, error: string, thrown: number): void;
  /**
   * Finds the error object that last had its stack formatted with this message and stack (see stack hook in the bootstrap), keeps it, and
   * returns JSON of {thrown: number, error: GuestError, unsettled: number[]}: the same value has the same `thrown` each time.
   * When there is none: with a name, keeps an error made from the copy; without, thrown is -1 and error null.
   * A fourth argument is a primitive that was thrown, and kept as it is. `unsettled` are the ids of imports that the room still waits
   * for. For failures of module evaluation, where isolated-vm hands the host a copy only.
   */
  takeThrown(message: string, stack: string, name?: string, ...primitive: unknown[]): string;
  /** Makes `z` appear in the SDK module of a room that was made without zod. `zod` is the namespace object. */
  provideZod(zod: object): void;
}

export interface ContextFacts {
  readonly executionId: string;
  readonly workflow: string;
  readonly workspace: string;
}

export interface InputProblem {
  /** As in `$.rows[3].id`; "$" for the input itself. */
  readonly path: string;
  readonly expected: string;
  readonly received: string;
  readonly message: string;
}

export interface GuestError {
  readonly name: string;
  readonly message: string;
  /** V8's text, unmapped; may be empty. */
  readonly stack: string;
  readonly userFacing?: boolean;
  readonly cause?: GuestError;
  /** Fault code that the host gave to an error of its own making (failed import), never one the author wrote. */
  readonly code?: string;
  /** Of the execution that failed, where the error tells of one that this one executed. */
  readonly executionId?: string;
}

/**
 * Internals that the room's two built-in modules take from the global `__bifrost__` while the room is made; the
 * SDK module deletes that global when it has taken what it needs, before any author code is compiled.
 */
export interface BuiltInModules {
  readonly sdk: {
    readonly workflow: unknown;
    readonly tool: unknown;
    readonly dataProvider: unknown;
    readonly UserError: unknown;
    readonly workflows: unknown;
    readonly config: unknown;
    readonly onZod: (give: (z: unknown) => void) => void;
  };
  /** For "bifrost:scope". The namespace that a root module imported: id 0 is the entry, others are Host.importModule's. Its call is the only sign that a top-level await has ended. */
  readonly arrive: (importId: number, namespace: object) => void;
  /** For "bifrost:scope": what a module's own `import.meta` and `import()` are. */
  readonly scopeOf: (path: string) => { readonly meta: object; readonly dynamicImport: (specifier: unknown, options?: unknown) => Promise<object> };
}
