// What db/ itself refuses, as opposed to what a server or a driver reports.

export type DatabaseProblemKind = "locked" | "schema_newer" | "schema_behind" | "address_invalid";

/** Thrown by db/ only. The message is written for the operator: what is so, and what to do; never a password. */
export class DatabaseProblem extends Error {
  override readonly name = "DatabaseProblem";
  readonly kind: DatabaseProblemKind;

  constructor(kind: DatabaseProblemKind, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
  }
}
