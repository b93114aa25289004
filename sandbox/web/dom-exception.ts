// DOMException: the errors of the web platform, told apart by name.
import { nameAsGlobal } from "../globals.ts";

const CODES: Readonly<Record<string, number>> = Object.assign(Object.create(null) as Record<string, number>, {
  IndexSizeError: 1,
  HierarchyRequestError: 3,
  WrongDocumentError: 4,
  InvalidCharacterError: 5,
  NoModificationAllowedError: 7,
  NotFoundError: 8,
  NotSupportedError: 9,
  InUseAttributeError: 10,
  InvalidStateError: 11,
  SyntaxError: 12,
  InvalidModificationError: 13,
  NamespaceError: 14,
  InvalidAccessError: 15,
  TypeMismatchError: 17,
  SecurityError: 18,
  NetworkError: 19,
  AbortError: 20,
  URLMismatchError: 21,
  QuotaExceededError: 22,
  TimeoutError: 23,
  InvalidNodeTypeError: 24,
  DataCloneError: 25,
});

export class DOMException extends Error {
  readonly #name: string;

  constructor(message = "", options: string | { readonly name?: string; readonly cause?: unknown } = "Error") {
    super(message);
    this.#name = typeof options === "string" ? options : `${options.name ?? "Error"}`;
    if (typeof options === "object" && "cause" in options)
      Object.defineProperty(this, "cause", { value: options.cause, writable: true, configurable: true, enumerable: false });
  }

  override get name(): string {
    return #name in this ? this.#name : "Error";
  }

  get code(): number {
    return CODES[this.#name] ?? 0;
  }

  get [Symbol.toStringTag](): string {
    return "DOMException";
  }

  static {
    for (const [name, code] of Object.entries(CODES)) {
      const constant = `${name
        .replace(/Error$/, "")
        .replace(/([a-z])([A-Z])/g, "$1_$2")
        .toUpperCase()}_ERR`;
      Object.defineProperty(DOMException, constant, { value: code, enumerable: true });
      Object.defineProperty(DOMException.prototype, constant, { value: code, enumerable: true });
    }
  }
}

nameAsGlobal(["DOMException"], { DOMException });
