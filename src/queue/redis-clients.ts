// Connections to Redis for BullMQ, which wants a client that never gives up and makes copies of it for commands that block.
// Each of them comes back by itself when Redis does, never ends the process, and can be ended at any time without waiting.
import { Redis } from "ioredis";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;
/** Past this a server that owes an answer is gone. */
const SILENCE_MS = 15_000;

export interface QueueClients {
  readonly client: Redis;
  /** Ends the client and its copies: what waits on them is rejected. */
  end(): void;
}

/** Connects at once. `onError` is told each time that a connection fails. */
export function openQueueClients(url: string, onError: (error: Error) => void): QueueClients {
  const all: Redis[] = [];
  let isEnded = false;

  function open(connectionName?: string): Redis {
    const client = new Redis(url, {
      maxRetriesPerRequest: null,
      connectTimeout: 5000,
      keepAlive: 10_000,
      // Longer than any command blocks.
      socketTimeout: SILENCE_MS,
      retryStrategy: (times: number) => (isEnded ? null : Math.min(FIRST_PAUSE_MS * 2 ** Math.min(times - 1, 10), LONGEST_PAUSE_MS)),
      ...(connectionName === undefined ? {} : { connectionName }),
    });
    // Without a listener the error is printed; BullMQ takes its own away when it closes.
    client.on("error", onError);
    const connect = client.connect.bind(client);
    // BullMQ makes its copies so, and connects again what it finds disconnected.
    client.duplicate = (override) => open(override?.connectionName);
    client.connect = () => (isEnded ? Promise.reject(new Error("Connection is closed.")) : connect());
    all.push(client);
    return client;
  }

  return {
    client: open(),
    end() {
      for (const client of all) endNow(client);
      isEnded = true;
    },
  };
}

function endNow(client: Redis): void {
  // One that waits to connect again would keep its commands for ever: only a connection that ends gives them up.
  if (client.status === "reconnecting") client.connect().catch(() => {});
  client.disconnect();
  // A frozen server would not answer the goodbye.
  client.stream?.destroy();
}
