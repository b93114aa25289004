// The one error whose message is meant for the caller (B91). Subclasses count; look-alikes do not.

export let isUserError: (value: unknown) => boolean;

export class UserError extends Error {
  #userFacing = true;

  static {
    Object.defineProperty(UserError.prototype, "name", { value: "UserError", writable: true, configurable: true, enumerable: false });
    isUserError = (value) => typeof value === "object" && value !== null && #userFacing in value && value.#userFacing;
  }
}
