// workflow(), tool() and dataProvider(): they mark a function as runnable from outside and leave it callable from
// other author code. What is known of it is kept apart, where author code can neither forge nor change it.
import { defineReadOnly, freeze, RealmTypeError, RealmWeakMap, weakGet, weakSet } from "../intrinsics.ts";
import { describeReceived } from "../describe-value.ts";
import { readCache } from "./cache.ts";
import { parseDuration } from "./duration.ts";
import { isSchema, type Schema } from "./input.ts";
import { type Retry, readRetry } from "./retry.ts";

export type Kind = "workflow" | "tool" | "data_provider";

export interface Executable {
  readonly kind: Kind;
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly params: Schema | undefined;
  readonly timeoutMs: number | undefined;
  readonly retry: Retry | undefined;
  readonly cacheMs: number | undefined;
  readonly body: (params: unknown, context: unknown) => unknown;
}

/** How an executable is run when author code calls it directly. */
export type CallDirectly = (executable: Executable, params: unknown) => Promise<unknown>;

export type Declare = (options: unknown, body?: unknown) => (params?: unknown) => Promise<unknown>;

const executables = new RealmWeakMap<object, Executable>();

export function executableOf(value: unknown): Executable | undefined {
  return typeof value === "function" ? weakGet(executables, value) : undefined;
}

/** The SDK function for one kind; `title` is its name in messages. */
export function createDeclare(kind: Kind, title: string, callDirectly: CallDirectly): Declare {
  return (options, body) => {
    const executable = readDeclaration(kind, title, typeof options === "function" && body === undefined ? { options: {}, body: options } : { options, body });
    const callable = (params?: unknown): Promise<unknown> => callDirectly(executable, params);
    defineReadOnly(callable, "name", executable.name ?? (executable.body as { name?: string }).name ?? title);
    weakSet(executables, callable, executable);
    return callable;
  };
}

function readDeclaration(kind: Kind, title: string, { options, body }: { readonly options: unknown; readonly body: unknown }): Executable {
  if (typeof options !== "object" || options === null)
    throw new RealmTypeError(`${title}(options, function): options is ${describeReceived(options)}, and must be an object`);
  if (typeof body !== "function")
    throw new RealmTypeError(`${title}(options, function): the second argument is ${describeReceived(body)}, and must be a function`);
  const { name, description, params, timeout } = options as Record<string, unknown>;
  if (name !== undefined && (typeof name !== "string" || name === ""))
    throw new RealmTypeError(`${title}({ name }): name is ${describeReceived(name)}, and must be a non-empty string`);
  if (description !== undefined && typeof description !== "string")
    throw new RealmTypeError(`${title}({ description }): description is ${describeReceived(description)}, and must be a string`);
  if (params !== undefined && !isSchema(params))
    throw new RealmTypeError(`${title}({ params }): params is ${describeReceived(params)}, and must be a schema, as z.object({ … }) gives`);
  return freeze({
    kind,
    name: name as string | undefined,
    description: description as string | undefined,
    params: params as Schema | undefined,
    timeoutMs: timeout === undefined ? undefined : parseDuration(timeout, { title, option: "timeout", place: "timeout" }),
    retry: readRetry(title, options),
    cacheMs: readCache(title, options),
    body: body as Executable["body"],
  });
}
