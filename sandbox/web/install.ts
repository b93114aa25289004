// The web platform of the room. Each group is made when one of its names is first used.
import { addLazily } from "../globals.ts";
import type { CallHost } from "../host-calls.ts";
import type { Host } from "../host.d.ts";
import type { Timers } from "../timers.ts";
import type * as Abort from "./abort.ts";
import type * as Base64 from "./base64.ts";
import type * as Crypto from "./crypto.ts";
import type * as Exceptions from "./dom-exception.ts";
import type * as Events from "./events.ts";
import type * as Clone from "./structured-clone.ts";
import { createEncoding } from "./encoding.ts";
import { createPerformance } from "./performance.ts";
import { createUrl } from "./url.ts";

/** The bundler keeps a required module apart and evaluates it at its first require. */
declare function require(name: "./abort.ts"): typeof Abort;
declare function require(name: "./base64.ts"): typeof Base64;
declare function require(name: "./crypto.ts"): typeof Crypto;
declare function require(name: "./dom-exception.ts"): typeof Exceptions;
declare function require(name: "./events.ts"): typeof Events;
declare function require(name: "./structured-clone.ts"): typeof Clone;

export interface WebPowers {
  readonly host: Pick<Host, "now" | "randomBytes">;
  readonly timers: Pick<Timers, "after">;
  readonly call: CallHost;
}

export interface Web {
  /** The classes that the author's globals are made of, whatever has become of those. */
  abort(): typeof Abort;
}

export function installWeb({ host, timers, call }: WebPowers): Web {
  function abort(): typeof Abort {
    events(host);
    const made = require("./abort.ts");
    made.setAbortTimers(timers);
    return made;
  }

  addLazily(["URL", "URLSearchParams"], createUrl);
  addLazily(["TextEncoder", "TextDecoder"], createEncoding);
  addLazily(["atob", "btoa"], () => require("./base64.ts"));
  addLazily(["structuredClone"], () => require("./structured-clone.ts"));
  addLazily(["DOMException"], () => require("./dom-exception.ts"));
  addLazily(["Event", "CustomEvent", "EventTarget"], () => events(host));
  addLazily(["AbortController", "AbortSignal"], abort);
  addLazily(["performance", "Performance"], () => createPerformance(host));
  addLazily(["crypto", "Crypto", "SubtleCrypto"], () => require("./crypto.ts").createCrypto({ host, call }));
  return { abort };
}

function events(host: Pick<Host, "now">): typeof Events {
  const made = require("./events.ts");
  made.setEventClock(() => host.now());
  return made;
}
