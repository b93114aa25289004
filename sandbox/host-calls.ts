// Asynchronous functions of the host: text out, text back, matched by a number.
import type { Counts } from "./bounds.ts";
import { errorFromHost } from "./errors.ts";
import type { Host } from "./host.d.ts";
import { mapDelete, mapGet, mapSet, parseJson, promiseWithResolvers, RealmMap } from "./intrinsics.ts";

export type CallHost = (name: string, argument: string) => Promise<string>;

export interface HostCalls {
  readonly call: CallHost;
  settle(callId: number, ok: boolean, text: string): void;
}

export function createHostCalls(host: Pick<Host, "call">, counts: Pick<Counts, "waitForCall" | "answered">): HostCalls {
  const waiting = new RealmMap<number, PromiseWithResolvers<string>>();
  let lastId = 0;
  return {
    call: (name, argument) => {
      counts.waitForCall();
      lastId++;
      const pending = promiseWithResolvers<string>();
      mapSet(waiting, lastId, pending);
      host.call(lastId, name, argument);
      return pending.promise;
    },
    settle: (callId, ok, text) => {
      const pending = mapGet(waiting, callId);
      if (pending === undefined) return;
      mapDelete(waiting, callId);
      counts.answered();
      if (ok) pending.resolve(text);
      else pending.reject(errorFromHost(parseJson(text) as { name: string; message: string; code?: string }));
    },
  };
}
