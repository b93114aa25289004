// A piece of network between a host and a server, on loopback, that a test can cut and mend.
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface TcpProxy extends AsyncDisposable {
  /** The server's URL with the proxy's address in it. */
  readonly url: string;
  /** How many connections there are. */
  readonly connections: number;
  /** As a cable that is pulled: nothing comes through, and nobody is told. New connections are taken, and stay silent. */
  cut(): void;
  /** As a firewall that resets: what there is ends, and new connections are refused. */
  reset(): void;
  /** What was cut goes on where it stopped. */
  mend(): void;
}

interface Line {
  readonly near: Socket;
  far: Socket | undefined;
}

export async function startProxy(server: string): Promise<TcpProxy> {
  const target = new URL(server);
  const lines = new Set<Line>();
  let state: "whole" | "cut" | "refusing" = "whole";

  const listener = createServer({ pauseOnConnect: true, noDelay: true }, (near) => {
    if (state === "refusing") {
      near.resetAndDestroy();
      return;
    }
    const line: Line = { near, far: undefined };
    lines.add(line);
    near.on("error", () => undefined);
    near.on("close", () => end(line));
    if (state === "whole") join(line);
  });

  function join(line: Line): void {
    const far = connect({ port: Number(target.port), host: target.hostname, noDelay: true });
    line.far = far;
    far.on("error", () => undefined);
    far.on("close", () => end(line));
    pass(line.near, far);
    pass(far, line.near);
    line.near.resume();
  }

  /** Without the loss of a byte: a side that takes no more holds the other up. */
  function pass(from: Socket, to: Socket): void {
    from.on("data", (bytes) => {
      if (to.write(bytes)) return;
      from.pause();
      to.once("drain", () => state === "whole" && from.resume());
    });
  }

  /** One side's end is known to the other only over a whole line. */
  function end(line: Line): void {
    if (state === "cut" && lines.has(line)) return;
    lines.delete(line);
    line.near.destroy();
    line.far?.destroy();
  }

  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  const url = new URL(server);
  url.hostname = "127.0.0.1";
  url.port = String(address.port);

  return {
    url: url.href,
    get connections() {
      return lines.size;
    },
    cut() {
      state = "cut";
      for (const { near, far } of lines) {
        near.pause();
        far?.pause();
      }
    },
    reset() {
      state = "refusing";
      for (const { near, far } of lines) {
        near.resetAndDestroy();
        far?.resetAndDestroy();
      }
      lines.clear();
    },
    mend() {
      state = "whole";
      for (const line of lines) {
        if (line.near.destroyed || line.far?.destroyed === true) end(line);
        else if (line.far === undefined) join(line);
        else {
          line.near.resume();
          line.far.resume();
        }
      }
    },
    async [Symbol.asyncDispose]() {
      state = "refusing";
      const closed = once(listener, "close");
      listener.close();
      for (const { near, far } of lines) {
        near.destroy();
        far?.destroy();
      }
      lines.clear();
      await closed;
    },
  };
}
