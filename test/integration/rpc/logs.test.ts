// Log lines over HTTP, with real servers (B88): as a stream while it runs, from the record at the end.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { EventSourceParserStream, type EventSourceMessage } from "eventsource-parser/stream";
import { describe, expect, it } from "vitest";
import { endEventSchema, logPageSchema, nestedEventSchema } from "../../../src/rpc/contract-logs.ts";
import { logLineSchema } from "../../../src/rpc/contract-execution.ts";
import { ADMIN, useRpcWorld } from "../../support/rpc-world.ts";

const STALLED_MS = 1000;
const world = useRpcWorld(() => ({ limits: { heartbeatMs: 50, stalledMs: STALLED_MS } }));

const FILES = {
  "count.ts": `import { workflow } from "bifrost";\nexport default workflow(async ({ lines }: any, ctx) => { for (let n = 1; n <= lines; n += 1) ctx.log.info("line " + n, { n }); });\n`,
  "wait.ts": `import { workflow } from "bifrost";\nexport default workflow(async (_, ctx) => { ctx.log.info("begun"); await new Promise(() => {}); });\n`,
  "outer.ts": `import { workflow, workflows } from "bifrost";\nexport default workflow(async (_, ctx) => { ctx.log.info("before"); await workflows.execute("count.ts", { lines: 1 }); ctx.log.info("after"); });\n`,
  "loud.ts": `import { workflow } from "bifrost";\nexport default workflow(async (_, ctx) => { for (let n = 0; n < 400; n += 1) ctx.log.info("x".repeat(60_000)); await new Promise(() => {}); });\n`,
};

interface Line {
  readonly sequence: number;
  readonly message: string;
}

async function start(workspace: string, workflow: string, input: object = {}): Promise<string> {
  return (await world.ask("POST", "/v1/executions", { workspace, body: { workflow, input, mode: "async" } })).body.id;
}

async function* events(
  workspace: string,
  id: string,
  { after, signal, query = "" }: { after?: number; signal?: AbortSignal; query?: string } = {},
): AsyncGenerator<EventSourceMessage> {
  const headers = { accept: "text/event-stream", ...(after !== undefined && { "last-event-id": String(after) }) };
  const response = await world.open("GET", `/v1/executions/${id}/logs${query}`, { workspace, headers, ...(signal && { signal }) });
  if (response.status !== 200 || response.body === null) throw new Error(await response.text());
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  yield* response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()) as unknown as AsyncIterable<EventSourceMessage>;
}

async function all(stream: AsyncIterable<EventSourceMessage>): Promise<EventSourceMessage[]> {
  const found: EventSourceMessage[] = [];
  for await (const each of stream) found.push(each);
  return found;
}

async function cancel(workspace: string, id: string): Promise<void> {
  await world.ask("POST", `/v1/executions/${id}/cancel`, { workspace });
}

function connections(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
}

describe("GET /v1/executions/:id/logs as text/event-stream", () => {
  it("gives every line once and in order, each with its number, then the end", async () => {
    const workspace = await world.workspace(FILES);
    const id = await start(workspace, "count.ts", { lines: 300 });
    const found = await all(events(workspace, id));
    const lines = found.slice(0, -1).map(({ event, id: number, data }) => ({ event, number, line: logLineSchema.parse(JSON.parse(data)) }));
    expect(lines.map(({ event, number, line }) => [event, number, line.message, line.data])).toEqual(
      Array.from({ length: 300 }, (_, index) => ["log", String(index + 1), `line ${index + 1}`, { n: index + 1 }]),
    );
    const end = found.at(-1);
    expect([end?.event, endEventSchema.parse(JSON.parse(end?.data ?? ""))]).toEqual(["end", { id, status: "Success" }]);
    const again = await all(events(workspace, id));
    expect(again).toEqual(found);
  });

  it("goes on behind the line that Last-Event-ID, or after, names; the header goes first", async () => {
    const workspace = await world.workspace(FILES);
    const id = await start(workspace, "count.ts", { lines: 5 });
    await all(events(workspace, id));
    const numbers = async (options: object): Promise<unknown> => (await all(events(workspace, id, options))).map((each) => each.id ?? each.event);
    expect(await numbers({ after: 3 })).toEqual(["4", "5", "end"]);
    expect(await numbers({ query: "?after=4" })).toEqual(["5", "end"]);
    expect(await numbers({ after: 2, query: "?after=4" })).toEqual(["3", "4", "5", "end"]);
    expect(await numbers({ after: 99 })).toEqual(["end"]);
    const { status, body } = await world.ask("GET", `/v1/executions/${id}/logs`, { workspace, headers: { accept: "text/event-stream", "last-event-id": "x" } });
    expect([status, body.details.path]).toEqual([400, "last-event-id"]);
  });

  it("gives lines while it runs, and comments while it says nothing; the end when it is cancelled", async () => {
    const workspace = await world.workspace(FILES);
    const id = await start(workspace, "wait.ts");
    const response = await world.open("GET", `/v1/executions/${id}/logs`, { workspace, headers: { accept: "text/event-stream" } });
    let text = "";
    const reading = (async () => {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream()) as unknown as AsyncIterable<string>) text += chunk;
    })();
    while (!/begun[^]*\n:\n\n:\n\n/.test(text)) await new Promise((resolve) => setImmediate(resolve));
    expect(text).toMatch(/^retry: 1000\n\n/);
    await cancel(workspace, id);
    await reading;
    expect(text).toContain(`event: end\ndata: ${JSON.stringify({ id, status: "Cancelled" })}\n\n`);
  });

  it("tells lines from inside as nested, without a number of their own", async () => {
    const workspace = await world.workspace(FILES);
    const id = await start(workspace, "outer.ts");
    const found = await all(events(workspace, id));
    expect(found.filter(({ event }) => event === "log").map(({ data }) => (JSON.parse(data) as Line).message)).toEqual(["before", "after"]);
    for (const { id: number, data } of found.filter(({ event }) => event === "nested")) {
      expect(number).toBeUndefined();
      expect(nestedEventSchema.parse(JSON.parse(data))).toMatchObject({ line: { message: "line 1" }, from: { parentId: id, reference: "count.ts" } });
    }
    const page = await world.ask("GET", `/v1/executions/${id}/logs`, { workspace });
    expect(page.body.lines.map(({ message }: Line) => message)).toEqual(["before", "after"]);
  });

  it("is a problem, and no stream, for an execution that there is not", async () => {
    const workspace = await world.workspace({});
    const { status, headers } = await world.ask("GET", "/v1/executions/00000000-0000-7000-8000-000000000000/logs", {
      workspace,
      headers: { accept: "text/event-stream" },
    });
    expect([status, headers.get("content-type")]).toEqual([404, "application/problem+json; charset=utf-8"]);
  });

  it("leaves nothing behind where readers go away, and holds up nobody", async () => {
    const workspace = await world.workspace(FILES);
    const id = await start(workspace, "wait.ts");
    const before = connections();
    for (let round = 0; round < 20; round += 1) {
      const gone = new AbortController();
      for await (const { event } of events(workspace, id, { signal: gone.signal })) {
        expect(event).toBe("log");
        break;
      }
      gone.abort();
    }
    while (connections() > before + 2) await new Promise((resolve) => setImmediate(resolve));
    await cancel(workspace, id);
    expect(world.log.filter((line) => /"level":"(error|warn)"/.test(line))).toEqual([]);
  });

  it("is not written faster than it is read, and a reader who takes nothing is given up", async () => {
    const workspace = await world.workspace(FILES);
    // More than what the kernel holds between the two.
    await world.ask("PUT", `/v1/workspaces/${workspace}`, { body: { settings: { logBytes: "32mb" } } });
    while ((await world.host.workspace(workspace)).executor.workspace.limits.logBytes < 32 * 1024 * 1024);
    const id = await start(workspace, "loud.ts");
    while ((await world.ask("GET", `/v1/executions/${id}/logs?after=399`, { workspace })).body.lines.length === 0);
    const socket = await silentReader(workspace, id);
    const ended = once(socket, "close");
    // Not resumed: nothing is taken from it until the server has given it up.
    while (!world.log.some((line) => line.includes("stalled-reader") && line.includes('"status":499'))) await new Promise((resolve) => setImmediate(resolve));
    socket.resume();
    await ended;
    await cancel(workspace, id);
  });
});

/** Sends the request and reads nothing. */
function silentReader(workspace: string, id: string): Promise<Socket> {
  const { hostname, port } = new URL(world.url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on("error", reject).pause();
    socket.once("connect", () => {
      socket.write(
        `GET /v1/executions/${id}/logs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ADMIN}\r\nbifrost-workspace: ${workspace}\r\naccept: text/event-stream\r\nx-request-id: stalled-reader\r\n\r\n`,
      );
      resolve(socket);
    });
  });
}

describe("GET /v1/executions/:id/logs", () => {
  it("gives pages until there are no more, and while it runs the place to go on from", async () => {
    const workspace = await world.workspace(FILES);
    const id = await start(workspace, "count.ts", { lines: 7 });
    await world.ask("GET", `/v1/executions/${id}/result?waitMs=20000`, { workspace });
    const pages: number[][] = [];
    for (let after: number | undefined = 0; after !== undefined;) {
      const { body } = await world.ask("GET", `/v1/executions/${id}/logs?limit=3&after=${after}`, { workspace });
      expect(logPageSchema.parse(body)).toEqual(body);
      pages.push(body.lines.map(({ sequence }: Line) => sequence));
      after = body.next;
    }
    expect(pages).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
    const running = await start(workspace, "wait.ts");
    const page = async (after: number) => (await world.ask("GET", `/v1/executions/${running}/logs?after=${after}`, { workspace })).body;
    while ((await page(0)).lines.length === 0);
    expect([await page(0), await page(1)]).toMatchObject([
      { lines: [{ message: "begun" }], next: 1 },
      { lines: [], next: 1 },
    ]);
    await cancel(workspace, running);
    expect(await page(1)).toEqual({ lines: [] });
  });
});
