// What goes wrong over HTTP is told as a problem with a code, whatever it is; and tells nothing that is nobody's business.
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { problemSchema } from "../../../src/rpc/contract.ts";
import type { Host } from "../../../src/host.ts";
import { Fault } from "../../../src/errors.ts";
import { createServer } from "../../../src/rpc/server.ts";
import { ADMIN, QUIET, useRpcWorld, type AskOptions } from "../../support/rpc-world.ts";

const world = useRpcWorld(() => ({ limits: { bodyBytes: 100_000, bodiesBytes: 150_000, headersMs: 300, requestMs: 600 } }));

async function problem(method: string, path: string, options?: AskOptions) {
  const { status, headers, body } = await world.ask(method, path, options);
  expect(headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
  expect(problemSchema.parse(body)).toEqual(body);
  expect([body.status, body.type, headers.get("x-request-id")]).toEqual([status, `urn:bifrost-executor:${body.code}`, body.requestId]);
  return { status, headers, body };
}

function raw(text: string): Promise<string> {
  const { hostname, port } = new URL(world.url);
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(text));
    socket.setEncoding("utf8").on("data", (chunk: string) => (answer += chunk));
    socket.on("error", reject).on("close", () => resolve(answer));
  });
}

describe("a request that is not one of the contract", () => {
  it("is answered with 404 where there is no such path, and 405 with what the path takes", async () => {
    const none = await problem("GET", "/v2/executions");
    expect([none.status, none.body.code]).toEqual([404, "ERR_INPUT_INVALID"]);
    const methods = [
      ["PATCH", "/v1/files", "PUT, GET"],
      ["GET", "/v1/validate", "POST"],
      ["DELETE", "/v1/executions/x", "GET"],
      ["POST", "/v1/files/a/b.txt", "GET, DELETE"],
      ["OPTIONS", "/v1/executions", "POST, GET"],
    ] as const;
    for (const [method, path, allow] of methods) {
      const { status, headers } = await problem(method, path);
      expect([method, path, status, headers.get("allow")]).toEqual([method, path, 405, allow]);
    }
  });

  it("is answered with 415 where the body is no JSON, and 413 where it is too large, said or not", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "multipart/form-data; boundary=x"]) {
      const { status, body } = await problem("POST", "/v1/executions", { body: "{}", headers: { "content-type": type } });
      expect([type, status, body.details.expected]).toEqual([type, 415, "application/json"]);
    }
    const large = await problem("PUT", "/v1/files", { body: { files: { "a.txt": "x".repeat(100_000) } } });
    expect([large.status, large.body.code, large.body.details.limit]).toEqual([413, "ERR_INPUT_TOO_LARGE", 100_000]);
    const chunks = `${"10000".padStart(0)}\r\n${"x".repeat(0x10000)}\r\n`.repeat(2);
    const unsaid = await raw(
      `PUT /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ADMIN}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${chunks}`,
    );
    expect(unsaid).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("is answered with 400 where the JSON cannot be read, says where, and quotes none of it", async () => {
    const secret = "hunter2-hunter2";
    const texts = [
      `{"workflow":"x",${secret}`,
      `["${secret}"`,
      `"${secret}`,
      `{"workflow":"x"}}${secret}`,
      "",
      Buffer.from([0x7b, 0xff, 0x7d]),
      `{"workflow":"x","workflow":"${secret}"}`,
      `{"__proto__":"${secret}","workflow":"x"}`,
    ];
    for (const body of texts) {
      const { status, body: told } = await problem("POST", "/v1/executions", { body });
      expect([String(body), status, told.code]).toEqual([String(body), 400, "ERR_INPUT_INVALID"]);
      expect(JSON.stringify(told)).not.toContain(secret);
    }
    const charset = await problem("POST", "/v1/executions", { body: "{}", headers: { "content-type": "application/json; charset=latin1" } });
    expect(charset.body.detail).toContain("latin1");
  });

  it("is told what does not fit: where, what is wanted, and what came, but never what may be secret", async () => {
    const facts = async (path: string, body: unknown) => {
      const { status, body: told } = await problem(path === "/v1/files" ? "PUT" : "POST", path, { body });
      return [status, told.details.path, told.details.expected, told.details.received];
    };
    expect(await facts("/v1/executions", {})).toEqual([400, "workflow", "a string", "missing"]);
    expect(await facts("/v1/executions", [])).toEqual([400, "body", "an object", "an array of 0"]);
    expect(await facts("/v1/executions", { workflow: "x", mode: "fast" })).toEqual([400, "mode", '"sync" or "async"', '"fast"']);
    expect(await facts("/v1/executions", { workflow: "x", priority: 1000 })).toEqual([400, "priority", "at most 100", "1000"]);
    expect(await facts("/v1/executions", { workflow: "x", priority: 1.5 })).toEqual([400, "priority", "a whole number", "1.5"]);
    expect(await facts("/v1/executions", { workflow: "x", wokflow: 1 })).toEqual([400, "wokflow", "nothing of that name", "a number"]);
    expect(await facts("/v1/executions", { workflow: "x", limits: { wallMs: "1s" } })).toEqual([400, "limits.wallMs", "a number", '"1s"']);
    expect(await facts("/v1/executions", { workflow: "x", scheduledAt: "tomorrow" })).toEqual([
      400,
      "scheduledAt",
      "a time such as 2026-03-01T06:00:00Z",
      '"tomorrow"',
    ]);
    expect(await facts("/v1/executions", { workflow: "x", id: "7" })).toEqual([400, "id", "a UUID", '"7"']);
    expect(await facts("/v1/files", { files: { "a.txt": 12345 } })).toEqual([400, "files.a.txt", expect.any(String), "a number"]);
    expect(await facts("/v1/files", { files: { "a.txt": { base64: "s3cret!" } } })).toEqual([400, "files.a.txt.base64", "base64", "a string"]);
    const many = await problem("POST", "/v1/executions", { body: { mode: 1, priority: "high" } });
    expect(many.body.details.problems.map(({ path }: { path: string }) => path)).toEqual(["workflow", "mode", "priority"]);
  });
});

describe("many large requests at once", () => {
  it("are answered with 503 and Retry-After from that on which would be too much, until others have been served", async () => {
    const workspace = await world.workspace({
      "wait.ts": `import { workflow } from "bifrost";\nexport default workflow(async () => await new Promise(() => {}));\n`,
    });
    const put = (bytes: number) => world.ask("PUT", "/v1/files", { workspace, body: { files: { "a.txt": "x".repeat(bytes) } } });
    const held = world.ask("POST", "/v1/executions", { workspace, body: { workflow: "wait.ts", input: "x".repeat(90_000) } });
    const running = async () => (await world.ask("GET", "/v1/executions?status=Running", { workspace })).body.executions as { readonly id: string }[];
    while ((await running()).length === 0);
    const refused = await put(80_000);
    expect([refused.status, refused.body.code, refused.headers.get("retry-after")]).toEqual([503, "ERR_EXECUTOR_BUSY", "1"]);
    expect(refused.body.details).toEqual({ limit: 150_000, held: expect.any(Number), amount: expect.any(Number) });
    expect((await put(1000)).status).toBe(200);
    await world.ask("POST", `/v1/executions/${(await running())[0]?.id}/cancel`, { workspace });
    expect((await held).body.status).toBe("Cancelled");
    while ((await put(80_000)).status === 503);
  });
});

describe("a request that is no HTTP", () => {
  it("is answered with 400, one that does not come to its end with 408, one with too many headers with 431, and the connection is closed", async () => {
    expect(await raw("HELO\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 [^]*application\/problem\+json[^]*ERR_INPUT_INVALID/);
    expect(await raw(`GET /health HTTP/1.1\r\nx: ${"x".repeat(100_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await raw("GET /health HTTP/1.1\r\nhost: x\r\n")).toMatch(/^HTTP\/1\.1 408 /);
    expect(
      await raw(`PUT /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ADMIN}\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{`),
    ).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe("every answer", () => {
  it("names the request: by the id that it came with, or by one of its own", async () => {
    expect((await world.ask("GET", "/health", { headers: { "x-request-id": "proxy-7:a.b_c" } })).headers.get("x-request-id")).toBe("proxy-7:a.b_c");
    for (const odd of ["with space", "x".repeat(129), "<script>"]) {
      expect((await world.ask("GET", "/health", { headers: { "x-request-id": odd } })).headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it("is not to be kept by caches, and opens nothing to other origins", async () => {
    const { headers } = await world.ask("GET", "/v1/files", { headers: { origin: "https://elsewhere.example" } });
    expect([headers.get("cache-control"), headers.get("x-content-type-options"), headers.get("access-control-allow-origin")]).toEqual([
      "no-store",
      "nosniff",
      null,
    ]);
    const preflight = await world.ask("OPTIONS", "/v1/files", {
      token: null,
      headers: { origin: "https://elsewhere.example", "access-control-request-method": "PUT" },
    });
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([401, null]);
  });
});

/** A server whose host fails by this: no real one can be made to on demand. */
async function failing(thrown: Error) {
  const host: Host = {
    id: "x",
    workspace: () => Promise.reject(thrown),
    workspaces: () => Promise.reject(thrown),
    readiness: () => Promise.reject(thrown),
    drain: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
  const server = await createServer({ host, tokens: world.tokens, log: QUIET });
  const { url } = await server.listen({ host: "127.0.0.1", port: 0 });
  return Object.assign(server, { url });
}

describe("a failure that is not the caller's", () => {
  it("of ours: 500 without a stack, a path or a word of it, for admins as well; the log has it under the request's id", async () => {
    await using server = await failing(new TypeError("cannot read /srv/secret/place of undefined"));
    const response = await fetch(`${server.url}/v1/files`, { headers: { authorization: `Bearer ${ADMIN}` } });
    const text = await response.text();
    expect([response.status, JSON.parse(text).code, JSON.parse(text).retryable]).toEqual([500, "ERR_INTERNAL", false]);
    expect(text).not.toMatch(/secret|undefined|TypeError|\.ts/);
    expect(text).toContain(response.headers.get("x-request-id"));
  });

  it("of the operator's: 503 and Retry-After; which server it is about is told to admins alone", async () => {
    await using server = await failing(
      new Fault("ERR_DATABASE_UNAVAILABLE", "The database at db.internal:5432/x does not answer.", { details: { server: "db.internal:5432/x" } }),
    );
    const read = await world.token(["read"]);
    const [admin, caller] = await Promise.all([ADMIN, read].map((token) => fetch(`${server.url}/v1/files`, { headers: { authorization: `Bearer ${token}` } })));
    expect([admin?.status, admin?.headers.get("retry-after"), caller?.status, caller?.headers.get("retry-after")]).toEqual([503, "1", 503, "1"]);
    expect(await admin?.json()).toMatchObject({ retryable: true, detail: expect.stringContaining("db.internal"), details: { server: "db.internal:5432/x" } });
    const told = await caller?.text();
    expect(told).toContain("ERR_DATABASE_UNAVAILABLE");
    expect(told).not.toContain("db.internal");
  });

  it("of the author's, where nothing has begun: 422", async () => {
    await using server = await failing(new Fault("ERR_MODULE_SYNTAX", "wf.ts does not parse"));
    const response = await fetch(`${server.url}/v1/files`, { headers: { authorization: `Bearer ${ADMIN}` } });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([422, "ERR_MODULE_SYNTAX"]);
  });
});
