// The client against an HTTP server that a test tells what to answer: what is sent, what is tried again, and what a failure says.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createClient, RpcFault, type Client, type ClientOptions, type LogLine } from "../../../src/rpc/client.ts";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Answer = (response: ServerResponse, seen: Seen) => unknown;

interface Scene {
  readonly url: string;
  readonly client: Client;
  readonly seen: Seen[];
}

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** Gives the answers one after the other, the last again and again. */
async function answering(answers: readonly Answer[], options: Partial<ClientOptions> = {}): Promise<Scene> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const one = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body };
      seen.push(one);
      answers[Math.min(seen.length, answers.length) - 1]!(response, one);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  open.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, seen, client: createClient({ url, token: "token-of-the-test", ...options }) };
}

function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

function problem(code: string, status: number, more: object = {}): Answer {
  return json({ type: "about:blank", title: "t", status, detail: `It is ${code}.`, code, retryable: status === 503, details: { a: 1 }, ...more }, status, {
    "content-type": "application/problem+json",
  });
}

const cut: Answer = (response) => response.destroy();
const ENDED = { version: 1, id: "e-1", status: "Success", result: 3, logs: [] };
const WAITING = { version: 1, id: "e-1", status: "Pending" };

describe("what is sent", () => {
  it("is the token, the workspace in letters that a header may have, and the input as it was written", async () => {
    const { client, seen } = await answering([json(ENDED)], { workspace: "Zoë & co" });
    await client.executions.run("a/b.ts::c", undefined, { inputJson: '{"n":12345678901234567890}', priority: 3 });
    expect(seen[0]).toMatchObject({
      method: "POST",
      url: "/v1/executions",
      headers: { authorization: "Bearer token-of-the-test", "bifrost-workspace": "Zo%C3%AB%20%26%20co", "content-type": "application/json" },
    });
    expect(seen[0]!.body).toMatch(/^\{"workflow":"a\/b\.ts::c",.*"input":\{"n":12345678901234567890\}\}$/);
    expect(JSON.parse(seen[0]!.body)).toMatchObject({ mode: "sync", priority: 3 });
  });

  it("keeps a path of the URL, and encodes what is named", async () => {
    const { url, seen } = await answering([json({ path: "p" })]);
    const client = createClient({ url: `${url}/behind/a/proxy/` });
    await client.files.read("modules/a b%/#1.ts", { snapshotId: "s" });
    await client.workflows.get("a/b.ts::c d");
    expect(seen.map((each) => each.url)).toEqual([
      "/behind/a/proxy/v1/files/modules/a%20b%25/%231.ts?snapshot=s",
      "/behind/a/proxy/v1/workflows/a%2Fb.ts%3A%3Ac%20d",
    ]);
    expect(seen[0]!.headers).not.toHaveProperty("authorization");
  });

  it("B5: never is a path that climbs to another route", async () => {
    const { client, seen } = await answering([json({})]);
    await expect(client.files.read("../config")).rejects.toMatchObject({ code: "ERR_PATH_INVALID" });
    await expect(client.files.delete("a/./b")).rejects.toMatchObject({ code: "ERR_PATH_INVALID" });
    await expect(client.workflows.get("..")).rejects.toMatchObject({ code: "ERR_INPUT_INVALID" });
    expect(seen).toEqual([]);
  });

  it("carries bytes as base64, texts as they are, and null to delete", async () => {
    const { client, seen } = await answering([json({})]);
    await client.files.write({ "a.ts": "text", "b.bin": new Uint8Array([0, 255, 1]), "c.ts": null }, { expected: { "c.ts": "0".repeat(64) } });
    expect(JSON.parse(seen[0]!.body)).toEqual({ files: { "a.ts": "text", "b.bin": { base64: "AP8B" }, "c.ts": null }, expected: { "c.ts": "0".repeat(64) } });
  });

  it("carries bytes of which the same come again as text, a byte order mark too, and moves beside them", async () => {
    const { client, seen } = await answering([json({})]);
    await client.files.write({ "a.txt": new TextEncoder().encode("\ufeffé\0") }, { move: { "b.ts": "c.ts" } });
    expect(JSON.parse(seen[0]!.body)).toEqual({ files: { "a.txt": "\ufeffé\0" }, move: { "b.ts": "c.ts" } });
  });

  it("sends no write that is larger than it was told", async () => {
    const { client, seen } = await answering([json({})]);
    const body = JSON.stringify({ files: { a: "é" } });
    await expect(client.files.write({ a: "é" }, { mostBytes: body.length })).rejects.toMatchObject({
      code: "ERR_INPUT_TOO_LARGE",
      details: { limit: body.length, amount: body.length + 1 },
    });
    expect(seen).toEqual([]);
    await client.files.write({ a: "é" }, { mostBytes: body.length + 1 });
    expect(seen.map((each) => each.body)).toEqual([body]);
  });
});

describe("a URL or a token that cannot be one", () => {
  it.for([["nowhere"], ["ftp://a.example"], ["http://user:secret-part@a.example"], ["https://a.example/?x=1"]])(
    "%s is refused before anything is sent",
    ([url = ""]) => {
      expect(() => createClient({ url })).toThrow(RpcFault);
      expect(() => createClient({ url })).toThrow(/is wanted/);
      expect(() => createClient({ url })).not.toThrow(/secret-part/);
    },
  );

  it("a token is not shown where it is refused", () => {
    expect(() => createClient({ url: "http://a.example", token: "secret-part more" })).toThrow(/^The token holds a space/);
  });
});

describe("a failure", () => {
  it("is an RpcFault with what the service said of it", async () => {
    const { client, seen } = await answering([problem("ERR_WORKFLOW_NOT_FOUND", 404, { name: "NotFoundError" })]);
    const fault: unknown = await client.executions.start("nowhere").catch((thrown: unknown) => thrown);
    expect(fault).toBeInstanceOf(RpcFault);
    expect(fault).toMatchObject({
      code: "ERR_WORKFLOW_NOT_FOUND",
      name: "NotFoundError",
      status: 404,
      retryable: false,
      owner: "caller",
      details: { a: 1 },
      message: "It is ERR_WORKFLOW_NOT_FOUND.",
    });
    expect(seen).toHaveLength(1);
  });

  it("says that what stands before the service takes no request of this size", async () => {
    const { client } = await answering([(response) => response.writeHead(413, { "content-type": "text/html" }).end("<html>")]);
    await expect(client.files.write({ a: "" })).rejects.toMatchObject({ code: "ERR_INPUT_TOO_LARGE", status: 413, retryable: false });
  });

  it("may have a code that a newer service has added", async () => {
    const { client } = await answering([problem("ERR_OF_TOMORROW", 409)]);
    await expect(client.executions.get("e-1")).rejects.toMatchObject({ code: "ERR_OF_TOMORROW", owner: "caller", retryable: false });
  });

  it.for([
    ["a page of something else", (response: ServerResponse) => response.writeHead(404, { "content-type": "text/html" }).end("<html>"), /404, text\/html/],
    ["a redirect", (response: ServerResponse) => response.writeHead(301, { location: "https://elsewhere.example/" }).end(), /301, to https:\/\/elsewhere/],
    ["a page in place of JSON", (response: ServerResponse) => response.writeHead(200, { "content-type": "text/html" }).end("<html>"), /200, text\/html/],
  ] as const)("says that %s is not the service", async ([, answer, said]) => {
    const { client, seen } = await answering([answer]);
    const fault: unknown = await client.executions.get("e-1").catch((thrown: unknown) => thrown);
    expect(fault).toMatchObject({ code: "ERR_INPUT_INVALID", retryable: false });
    expect((fault as Error).message).toMatch(said);
    expect(seen).toHaveLength(1);
  });

  it("says where nothing answers, and why", async () => {
    const { url, client } = await answering([], { retries: 0 });
    await open.pop()!();
    const fault: unknown = await client.health().catch((thrown: unknown) => thrown);
    expect(fault).toMatchObject({ code: "ERR_RPC_UNAVAILABLE", retryable: true, status: undefined });
    expect((fault as Error).message).toBe(`The service at ${url} does not answer: connect ECONNREFUSED ${url.slice(7)}.`);
  });
});

describe("what is tried again", () => {
  const away: Answer = (response) => response.writeHead(502).end("bad gateway");

  it.for([
    ["a read", (client: Client) => client.executions.get("e-1")],
    ["a cancellation", (client: Client) => client.executions.cancel("e-1")],
    ["an execution with a key", (client: Client) => client.executions.run("a", {}, { idempotencyKey: "k" })],
    ["an execution with an id", (client: Client) => client.executions.start("a", {}, { id: "e-1" })],
    ["a write that expects nothing", (client: Client) => client.files.write({ a: "" })],
  ] as const)("is %s: after a lost connection, a proxy's failure and a retryable fault", async ([, call]) => {
    const { client, seen } = await answering([cut, away, problem("ERR_DATABASE_UNAVAILABLE", 503), json(ENDED)]);
    expect(await call(client)).toEqual(ENDED);
    expect(seen).toHaveLength(4);
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1);
  });

  it.for([
    ["an execution without a key", (client: Client) => client.executions.run("a")],
    ["a write that expects something", (client: Client) => client.files.write({ a: "" }, { expected: { a: null } })],
    ["a write that moves something", (client: Client) => client.files.write({}, { move: { a: "b" } })],
    ["a move", (client: Client) => client.files.move("a", "b")],
  ] as const)("is not %s", async ([, call]) => {
    const { client, seen } = await answering([cut, json(ENDED)]);
    await expect(call(client)).rejects.toMatchObject({ code: "ERR_RPC_UNAVAILABLE" });
    expect(seen).toHaveLength(1);
  });

  it("is nothing for ever", async () => {
    const { client, seen } = await answering([away], { retries: 1 });
    await expect(client.executions.get("e-1")).rejects.toMatchObject({ code: "ERR_RPC_UNAVAILABLE", status: 502 });
    expect(seen).toHaveLength(2);
  });
});

describe("an end that lets wait for itself", () => {
  it("is asked for again and again, until it is there", async () => {
    const { client, seen } = await answering([json(WAITING, 202), json(WAITING, 202), cut, json(ENDED)]);
    expect(await client.executions.run("a")).toEqual(ENDED);
    expect(seen.map(({ method }) => method)).toEqual(["POST", "GET", "GET", "GET"]);
    expect(seen[1]!.url).toMatch(/^\/v1\/executions\/e-1\/result\?waitMs=\d+$/);
  });

  it("is not waited for by who aborts: the reason is what rejects", async () => {
    const { client } = await answering([() => undefined]);
    await expect(client.executions.result("e-1", { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ name: "TimeoutError" });
  });
});

it("a list is read page after page, and no further than it is wanted", async () => {
  const { client, seen } = await answering([json({ executions: [{ id: "1" }, { id: "2" }], next: "c d" }), json({ executions: [{ id: "3" }] })]);
  const ids: string[] = [];
  for await (const { id } of client.executions.list({ status: ["Failed", "Timeout"], limit: 2 })) ids.push(id);
  expect(ids).toEqual(["1", "2", "3"]);
  expect(seen.map(({ url }) => url)).toEqual([
    "/v1/executions?status=Failed&status=Timeout&limit=2",
    "/v1/executions?status=Failed&status=Timeout&limit=2&cursor=c+d",
  ]);
  for await (const { id } of client.executions.list()) if (id === "3") break;
  expect(seen).toHaveLength(3);
});

describe("log lines", () => {
  const line = (sequence: number): LogLine => ({ sequence, level: "info", message: `line ${sequence}`, timestamp: "2026-01-01T00:00:00Z" });
  const log = (sequence: number): string => `event: log\nid: ${sequence}\ndata: ${JSON.stringify(line(sequence))}\n\n`;
  const from = { id: "n", parentId: "e-1", reference: "inner" };
  const nested = (sequence: number): string => `event: nested\ndata: ${JSON.stringify({ line: line(sequence), from })}\n\n`;
  const END = `event: end\ndata: {"id":"e-1","status":"Success"}\n\n`;

  function stream(text: string, then: (response: ServerResponse) => void): Answer {
    return (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(text, () => then(response));
    };
  }
  const end = (response: ServerResponse): unknown => response.end();
  const destroy = (response: ServerResponse): unknown => response.destroy();

  it("B88: go on after the last that arrived where the connection is lost, without gaps and without repeating any", async () => {
    const { client, seen } = await answering([
      stream(`: hello\n\n${log(1)}${nested(1)}${log(2)}${log(3).slice(0, 20)}`, destroy),
      problem("ERR_REDIS_UNAVAILABLE", 503),
      cut,
      stream(`${log(2)}${nested(1)}${log(3)}${nested(2)}`, end),
      stream(`${log(4)}${END}${log(5)}`, end),
    ]);
    const lines: string[] = [];
    for await (const { sequence, from: origin } of client.executions.logs("e-1")) lines.push(`${origin?.reference ?? ""}${sequence}`);
    expect(lines).toEqual(["1", "inner1", "2", "3", "inner2", "4"]);
    expect(seen.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "2", "2", "2", "3"]);
    expect(seen[0]!.headers.accept).toBe("text/event-stream");
  });

  it("begin after the one that is known", async () => {
    const { client, seen } = await answering([stream(END, end)]);
    for await (const _ of client.executions.logs("e-1", { after: 7 }));
    expect(seen[0]!.headers["last-event-id"]).toBe("7");
  });

  it("are not waited for where the service refuses them", async () => {
    const { client, seen } = await answering([problem("ERR_EXECUTION_NOT_FOUND", 404)]);
    await expect(client.executions.logs("e-1")[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "ERR_EXECUTION_NOT_FOUND" });
    expect(seen).toHaveLength(1);
  });

  it("end with the fault once patience does", async () => {
    const { client } = await answering([cut]);
    await expect(client.executions.logs("e-1", { patienceMs: 1 })[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "ERR_RPC_UNAVAILABLE" });
  });

  it("leave no connection behind when the reader goes, or aborts", async () => {
    const gone: Promise<unknown>[] = [];
    const staying: Answer = (response) => {
      gone.push(new Promise((resolve) => void response.on("close", resolve)));
      response.writeHead(200, { "content-type": "text/event-stream" }).write(log(1));
    };
    const { client } = await answering([staying]);
    for await (const _ of client.executions.logs("e-1")) break;
    await gone[0];
    const stop = new AbortController();
    const reading = (async () => {
      for await (const _ of client.executions.logs("e-1", { signal: stop.signal })) stop.abort(new Error("enough"));
    })();
    await expect(reading).rejects.toThrow("enough");
    await gone[1];
  });
});
