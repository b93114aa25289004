// performance: a monotonic clock that begins with the execution.
import type { Host } from "../host.d.ts";

export function createPerformance(host: Pick<Host, "now">): object {
  const timeOrigin = Date.now() - host.now();

  class Performance {
    get timeOrigin(): number {
      return timeOrigin;
    }

    now(): number {
      return host.now();
    }

    toJSON(): object {
      return { timeOrigin };
    }

    get [Symbol.toStringTag](): string {
      return "Performance";
    }
  }

  return { performance: new Performance(), Performance };
}
