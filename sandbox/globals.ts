// How things get onto the global object: as Node has them, writable and configurable and not enumerable. What costs
// something to make is made when it is first read, and is an ordinary property from then on.
import { defineHidden, defineProperty, defineReadOnly, getOwnPropertyDescriptor, objectKeys } from "./intrinsics.ts";

const realmGlobal = globalThis;
let isBeingMade = false;

/** Adds each as a data property. */
export function addHidden(values: Readonly<Record<string, unknown>>): void {
  const names = objectKeys(values);
  for (let index = 0; index < names.length; index++) defineHidden(realmGlobal, names[index] as string, values[names[index] as string]);
}

/** The bundler may have called a class otherwise than its global. */
export function nameAsGlobal(names: readonly string[], made: object): Record<string, unknown> {
  const values = made as Record<string, unknown>;
  for (let index = 0; index < names.length; index++) {
    const value = values[names[index] as string];
    if (typeof value === "function" && value.name !== names[index]) defineReadOnly(value, "name", names[index]);
  }
  return values;
}

/** Adds properties that are made on first use. All names share one making, which gives them by name. */
export function addLazily(names: readonly string[], make: () => object): void {
  let made: Record<string, unknown> | undefined;
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string;
    const get = (): unknown => {
      // A library that looks whether the platform has it already, while it is being made from that library.
      if (isBeingMade) return undefined;
      if (made === undefined) {
        isBeingMade = true;
        try {
          made = nameAsGlobal(names, make());
        } finally {
          isBeingMade = false;
        }
      }
      // One that the author has defined otherwise meanwhile stays so, and so does one that nobody may define any more.
      const property = getOwnPropertyDescriptor(realmGlobal, name);
      if (property?.get === get && property.configurable === true) defineHidden(realmGlobal, name, made[name]);
      return made[name];
    };
    defineProperty(realmGlobal, name, { get, set: (value: unknown) => defineHidden(realmGlobal, name, value), configurable: true, enumerable: false });
  }
}
