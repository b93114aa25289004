// Keeps author code from telling the host more than it can take in: what is told waits in a queue of the host's, and a
// loop of calls fills it faster than the host empties it. After so much, the room asks the host something and waits for
// the answer, which comes behind all that was told before.
import type { Host } from "./host.d.ts";

const MOST_MESSAGES = 500;
const MOST_CHARACTERS = 2 ** 21;

export function paced(host: Host): Host {
  let messages = 0;
  let characters = 0;

  /** Comes before what is told: an author can make the stack run out in between. */
  function count(length: number): void {
    messages++;
    characters += length;
    if (messages < MOST_MESSAGES && characters < MOST_CHARACTERS) return;
    messages = 0;
    characters = 0;
    host.now();
  }

  return {
    log: (level, parts, data) => {
      count(parts.length + (data === undefined ? 0 : data.length));
      host.log(level, parts, data);
    },
    startTimer: (id, milliseconds) => {
      count(0);
      host.startTimer(id, milliseconds);
    },
    stopTimer: (id) => {
      count(0);
      host.stopTimer(id);
    },
    limitWall: (milliseconds) => {
      count(0);
      host.limitWall(milliseconds);
    },
    call: (callId, name, argument) => {
      count(argument.length);
      host.call(callId, name, argument);
    },
    importModule: (importId, specifier, referrer) => {
      count(specifier.length);
      host.importModule(importId, specifier, referrer);
    },
    exceeded: host.exceeded,
    now: host.now,
    randomBytes: host.randomBytes,
  };
}
