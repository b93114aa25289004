// How a server ends: who is being answered gets the answer, who listens is sent home, and nobody keeps it.
import { Agent, request } from "node:http";
import { expect, it } from "vitest";
import { createServer, type RpcServer } from "../../../src/rpc/server.ts";
import { ADMIN, QUIET, useRpcWorld } from "../../support/rpc-world.ts";

const world = useRpcWorld();

const FILES = {
  "wait.ts": `import { workflow } from "bifrost";\nexport default workflow(async ({ ms }: any, ctx) => { ctx.log.info("begun"); await new Promise((resolve) => setTimeout(resolve, ms)); return "done"; });\n`,
};

async function another(): Promise<RpcServer & { readonly url: string }> {
  const server = await createServer({ host: world.host, tokens: world.tokens, log: QUIET });
  const { url } = await server.listen({ host: "127.0.0.1", port: 0 });
  return Object.assign(server, { url });
}

function headers(workspace: string): Record<string, string> {
  return { authorization: `Bearer ${ADMIN}`, "bifrost-workspace": workspace, "content-type": "application/json" };
}

it("who waits for an execution gets its envelope, and then the server has ended", async () => {
  const workspace = await world.workspace(FILES);
  const server = await another();
  const body = JSON.stringify({ workflow: "wait.ts", input: { ms: 300 } });
  const asking = fetch(`${server.url}/v1/executions`, { method: "POST", headers: headers(workspace), body });
  while ((await world.ask("GET", "/v1/executions?status=Running", { workspace })).body.executions.length === 0);
  const closing = server.close();
  const answer = await asking;
  expect([answer.status, answer.headers.get("connection"), ((await answer.json()) as { result: unknown }).result]).toEqual([200, "close", "done"]);
  await closing;
  await expect(fetch(`${server.url}/health`)).rejects.toThrow("fetch failed");
});

it("a stream ends without an end, so that its reader comes back elsewhere and goes on", async () => {
  const workspace = await world.workspace(FILES);
  const server = await another();
  const { body } = await world.ask("POST", "/v1/executions", { workspace, body: { workflow: "wait.ts", input: { ms: 3_600_000 }, mode: "async" } });
  const stream = await fetch(`${server.url}/v1/executions/${body.id}/logs`, { headers: { ...headers(workspace), accept: "text/event-stream" } });
  const reading = stream.text();
  while ((await world.ask("GET", `/v1/executions/${body.id}/logs`, { workspace })).body.lines.length === 0);
  await server.close();
  const text = await reading;
  expect(text).toMatch(/^retry: 1000\n\n/);
  expect(text).not.toContain("event: end");
  await world.ask("POST", `/v1/executions/${body.id}/cancel`, { workspace });
});

it("a connection that is kept open without asking anything keeps it not, nor one that never ends its request", async () => {
  const server = await another();
  const agent = new Agent({ keepAlive: true });
  await new Promise<void>((resolve, reject) => {
    request(`${server.url}/health`, { agent }, (response) => response.resume().on("end", resolve))
      .on("error", reject)
      .end();
  });
  const endless = request(`${server.url}/v1/files`, { method: "PUT", headers: { ...headers("default"), "content-length": "100" } }).on(
    "error",
    () => undefined,
  );
  endless.write("{");
  await new Promise((resolve) => endless.once("socket", (socket) => socket.once("connect", resolve)));
  await server.close({ graceMs: 100 });
  agent.destroy();
  endless.destroy();
});

it("may be closed twice", async () => {
  const server = await another();
  await Promise.all([server.close(), server.close()]);
  await server[Symbol.asyncDispose]();
});
