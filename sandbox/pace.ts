// Keeps author code from telling the host more than it can take in: what is told waits in a queue of the host's, and a
// loop of calls fills it faster than the host empties it. After so much, the room asks the host something and waits for
// the answer, which comes behind all that was told before.
import type { Host } from "./host.d.ts";

const MOST_MESSAGES = 500;
const MOST_CHARACTERS = 2 ** 21;

export function paced(host: Host): Host {
  let messages = 0;
  let characters = 0;

  function told(length: number): void {
    messages++;
    characters += length;
    if (messages < MOST_MESSAGES && characters < MOST_CHARACTERS) return;
    messages = 0;
    characters = 0;
    host.now();
  }

  return {
    log: (level, parts, data) => {
      host.log(level, parts, data);
      told(parts.length + (data === undefined ? 0 : data.length));
    },
    startTimer: (id, milliseconds) => {
      host.startTimer(id, milliseconds);
      told(0);
    },
    stopTimer: (id) => {
      host.stopTimer(id);
      told(0);
    },
    limitWall: (milliseconds) => {
      host.limitWall(milliseconds);
      told(0);
    },
    call: (callId, name, argument) => {
      host.call(callId, name, argument);
      told(argument.length);
    },
    importModule: (importId, specifier, referrer) => {
      host.importModule(importId, specifier, referrer);
      told(specifier.length);
    },
    exceeded: host.exceeded,
    now: host.now,
    randomBytes: host.randomBytes,
  };
}
