// Asynchronous functions of the host: text out, text back, matched by a number.
import type { Counts } from "./bounds.ts";
import { errorFromHost } from "./errors.ts";
import type { Host } from "./host.d.ts";
import { mapDelete, mapGet, mapSet, own, parseJson, promiseWithResolvers, RealmMap, RealmRangeError } from "./intrinsics.ts";

/** Of all arguments that wait for their answer: 48 MB as base64, which is more than most rooms may hold twice. */
const MOST_CHARACTERS = 2 ** 26;

/** The promise is the room's: not to be given to author code. */
export type CallHost = (name: string, argument: string) => Promise<string>;

export interface HostCalls {
  readonly call: CallHost;
  settle(callId: number, ok: boolean, text: string): void;
}

interface Waiting {
  readonly pending: PromiseWithResolvers<string>;
  readonly length: number;
}

export function createHostCalls(host: Pick<Host, "call">, counts: Pick<Counts, "waitForCall" | "answered">): HostCalls {
  const waiting = new RealmMap<number, Waiting>();
  let lastId = 0;
  let characters = 0;
  return {
    call: (name, argument) => {
      // Parts of it may come from methods that author code replaced.
      if (typeof argument !== "string" || characters + argument.length > MOST_CHARACTERS)
        throw new RealmRangeError(`${name}: there is too much data on its way to the host. Send less, or await what was asked before`);
      counts.waitForCall();
      lastId++;
      const pending = promiseWithResolvers<string>();
      mapSet(waiting, lastId, { pending, length: argument.length });
      characters += argument.length;
      host.call(lastId, name, argument);
      return own(pending.promise);
    },
    settle: (callId, ok, text) => {
      const found = mapGet(waiting, callId);
      if (found === undefined) return;
      const { pending, length } = found;
      mapDelete(waiting, callId);
      characters -= length;
      counts.answered();
      if (ok) pending.resolve(text);
      else pending.reject(errorFromHost(parseJson(text) as { name: string; message: string; code?: string }));
    },
  };
}
