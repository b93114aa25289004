// Who waits to hear of which execution: one listener for a whole host, so that a notice reaches those that it concerns alone.
import type { Live } from "./live.ts";

export type Heard = "lines" | "ended" | "resumed";

export interface LiveWatch extends Disposable {
  /** Until disposed of. "resumed": anything may have been missed. */
  on(id: string, heard: (what: Heard) => void): Disposable;
}

export function createLiveWatch(live: Pick<Live, "listen">): LiveWatch {
  const waiting = new Map<string, Set<(what: Heard) => void>>();
  const listening = live.listen((notice) => {
    if (notice.type === "cancel") return;
    if (notice.type === "resumed") for (const all of waiting.values()) for (const heard of all) heard("resumed");
    else for (const heard of waiting.get(notice.id) ?? []) heard(notice.type);
  });
  return {
    on(id, heard) {
      const own = (what: Heard): void => heard(what);
      const all = waiting.get(id) ?? new Set();
      waiting.set(id, all.add(own));
      return {
        [Symbol.dispose]: () => {
          all.delete(own);
          if (all.size === 0 && waiting.get(id) === all) waiting.delete(id);
        },
      };
    },
    [Symbol.dispose]: () => listening[Symbol.dispose](),
  };
}
