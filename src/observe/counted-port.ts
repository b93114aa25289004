// A port whose failures are counted: database and Redis do not answer in many places, and each of them says so by a fault.
import { Fault } from "../errors.ts";
import type { CountName, Observe } from "./observe.ts";

const COUNTED: Readonly<Partial<Record<Fault["code"], CountName>>> = { ERR_DATABASE_UNAVAILABLE: "database errors", ERR_REDIS_UNAVAILABLE: "redis errors" };

/** The same port. `count` is told once of each failure, however many hands it goes through. */
export function countedPort<Port extends object>(port: Port, { count }: Pick<Observe, "count">): Port {
  const failed = (error: unknown): void => {
    if (!(error instanceof Fault) || told.has(error)) return;
    const name = COUNTED[error.code];
    if (name === undefined) return;
    told.add(error);
    count(name);
  };
  return new Proxy(port, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...args: readonly unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, args);
        if (result instanceof Promise) result.catch(failed);
        return result;
      };
    },
  });
}

const told = new WeakSet<Fault>();
