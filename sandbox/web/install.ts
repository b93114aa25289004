// The web platform of the room. What costs something to make is made when it is first used.
import type { CallHost } from "../host-calls.ts";
import type { Host } from "../host.d.ts";
import type { Timers } from "../timers.ts";

export interface WebPowers {
  readonly host: Pick<Host, "now" | "randomBytes">;
  readonly timers: Pick<Timers, "after">;
  readonly call: CallHost;
}

export function installWeb(powers: WebPowers): void {
  void powers;
}
