// What a test gets to hold of a server, whichever rung of the ladder it came from.

export interface Server extends AsyncDisposable {
  readonly url: string;
  /** Where it came from and its version, for a person to read: "Redis 7.0.15 (redis-server on PATH)". */
  readonly description: string;
}

/** A server that the test owns and may hurt. Its port, and so its URL, stays the same over all of this; what a Redis held is lost. */
export interface OwnServer extends Server {
  /** A clean shutdown. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Again, after stop or kill. Resolves when it takes connections. */
  start(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/** The handle that OwnedProcess and Container have in common. */
interface Controls extends AsyncDisposable {
  stop(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  pause(): Promise<void> | void;
  resume(): Promise<void> | void;
}

export function ownServer(url: string, description: string, controls: Controls): OwnServer {
  return {
    url,
    description,
    stop: () => controls.stop(),
    kill: () => controls.kill(),
    start: () => controls.start(),
    pause: async () => controls.pause(),
    resume: async () => controls.resume(),
    [Symbol.asyncDispose]: () => controls[Symbol.asyncDispose](),
  };
}

/** A server somebody else runs: used, never stopped. */
export function foreignServer(url: string, description: string): Server {
  return { url, description, [Symbol.asyncDispose]: () => Promise.resolve() };
}
