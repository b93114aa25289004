// The network that fault tests cut must itself lose and add nothing.
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { expectNoLeaks } from "../support/leaks.ts";
import { startProxy, type TcpProxy } from "../support/service/tcp-proxy.ts";

expectNoLeaks();

/** A server that gives back what it gets. */
async function echo(): Promise<{ url: string } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.pipe(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    url: `echo://127.0.0.1:${port}/x`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

interface Caller extends Disposable {
  readonly socket: Socket;
  readonly heard: () => string;
  readonly isOver: () => boolean;
}

async function call(proxy: TcpProxy): Promise<Caller> {
  const { hostname, port } = new URL(proxy.url);
  const socket = connect(Number(port), hostname);
  let heard = "";
  let isOver = false;
  socket.setEncoding("utf8").on("data", (text: string) => (heard += text));
  socket.on("error", () => undefined).on("close", () => (isOver = true));
  await once(socket, "connect").catch(() => undefined);
  return { socket, heard: () => heard, isOver: () => isOver, [Symbol.dispose]: () => socket.destroy() };
}

it("a whole line carries everything both ways, also more than fits at once, and keeps the rest of the URL", async () => {
  await using server = await echo();
  await using proxy = await startProxy(server.url);
  expect(new URL(proxy.url).pathname).toBe("/x");
  using caller = await call(proxy);
  const text = "0123456789".repeat(500_000);
  caller.socket.write(text);
  await expect.poll(() => caller.heard().length).toBe(text.length);
  expect(caller.heard()).toBe(text);
  expect(proxy.connections).toBe(1);
});

it("a cut line is silent, old and new, and goes on where it stopped when it is mended", async () => {
  await using server = await echo();
  await using proxy = await startProxy(server.url);
  using before = await call(proxy);
  before.socket.write("one ");
  await expect.poll(() => before.heard()).toBe("one ");
  proxy.cut();
  before.socket.write("two");
  using during = await call(proxy);
  during.socket.write("three");
  await sleep(50);
  expect([before.heard(), during.heard(), before.isOver(), during.isOver()]).toEqual(["one ", "", false, false]);
  proxy.mend();
  await expect.poll(() => [before.heard(), during.heard()]).toEqual(["one two", "three"]);
});

it("a line that is reset ends what there is and refuses what comes, until it is mended", async () => {
  await using server = await echo();
  await using proxy = await startProxy(server.url);
  using before = await call(proxy);
  proxy.reset();
  await expect.poll(() => before.isOver()).toBe(true);
  using during = await call(proxy);
  await expect.poll(() => during.isOver()).toBe(true);
  proxy.mend();
  using after = await call(proxy);
  after.socket.write("again");
  await expect.poll(() => after.heard()).toBe("again");
});
