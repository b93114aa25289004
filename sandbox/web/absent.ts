// For libraries that look at what a room does not have: a class of which there is never an instance, and a global
// object that has every name.

/** The room's globals, for a library that lists the methods of each it knows. */
export const withAbsent: object = Object.create(globalThis, { Atomics: { value: {} } }) as object;

export class SharedArrayBuffer {
  get byteLength(): number {
    throw new TypeError("Not a SharedArrayBuffer");
  }

  get growable(): boolean {
    throw new TypeError("Not a SharedArrayBuffer");
  }
}
