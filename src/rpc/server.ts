// The RPC as a server: its parts put together, and its end. What is asked and answered is in the routes.
import { randomUUIDv7 } from "node:crypto";
import type { AddressInfo, Socket } from "node:net";
import Fastify, { LogController, type FastifyReply, type FastifyRequest } from "fastify";
import type { ZodType } from "zod";
import { UNOBSERVED } from "../observe/observe.ts";
import { requireTokens } from "./authentication.ts";
import { boundBodies } from "./body-room.ts";
import { REQUEST_ID_HEADER } from "./contract.ts";
import { answerFailure, notFound } from "./failures.ts";
import { InvalidRequest } from "./invalid-request.ts";
import { readJsonBodies } from "./json-body.ts";
import { observeRequests } from "./observe-requests.ts";
import { describeRoutes } from "./openapi.ts";
import { refuseOtherMethods } from "./other-methods.ts";
import { addRoutes } from "./routes.ts";
import type { RpcApp } from "./rpc-app.ts";
import { serverLimits, type RouteParts, type ServerParts } from "./server-parts.ts";

/** Disposing of it closes it without waiting for long. */
export interface RpcServer extends AsyncDisposable {
  /** Resolves when it can be reached. Rejects where the port is taken. `port` 0: any that is free. */
  listen(address: { readonly host: string; readonly port: number }): Promise<{ readonly url: string; readonly port: number }>;
  /** OpenAPI 3.1, as /openapi.json gives it. */
  openapi(): object;
  /**
   * Takes no more connections, sends streams home (they come back elsewhere and go on), waits for answers under way, and after
   * `graceMs` (5,000 where absent) for nothing. May be called more than once.
   */
  close(options?: { readonly graceMs?: number | undefined }): Promise<void>;
}

const MOST_PARAMETER_CHARACTERS = 20_000;
/** How often it is looked whether requests take too long to come. */
const MOST_CHECK_MS = 5000;

/** Throws where a route declares no scope. */
export async function createServer(given: ServerParts): Promise<RpcServer> {
  const closing = new AbortController();
  const limits = serverLimits(given);
  const parts: RouteParts = { ...given, limits, observe: given.observe ?? UNOBSERVED, closing: closing.signal };
  const app = createApp(parts);
  observeRequests(app, parts);
  requireTokens(app, parts);
  boundBodies(app, parts);
  readJsonBodies(app);
  const refuseOthers = refuseOtherMethods(app);
  await describeRoutes(app);
  addRoutes(app, parts);
  refuseOthers();
  await app.ready();
  let closed: Promise<void> | undefined;

  async function close({ graceMs = 5000 }: { readonly graceMs?: number | undefined } = {}): Promise<void> {
    closing.abort();
    const patience = setTimeout(() => app.server.closeAllConnections(), graceMs);
    try {
      await (closed ??= app.close());
    } finally {
      clearTimeout(patience);
    }
  }

  return {
    async listen({ host, port }) {
      await app.listen({ host, port });
      const address = app.server.address() as AddressInfo;
      const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
      return { url: `http://${name}:${address.port}`, port: address.port };
    },
    openapi: () => app.swagger(),
    close,
    [Symbol.asyncDispose]: () => close({ graceMs: 0 }),
  };
}

function createApp({ log, limits, closing }: RouteParts): RpcApp {
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "requestId" }),
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    http: { headersTimeout: limits.headersMs, connectionsCheckingInterval: Math.min(MOST_CHECK_MS, limits.headersMs) },
    forceCloseConnections: "idle",
    // The host says for itself that it is leaving, in our words.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    requestIdHeader: false,
    genReqId: (request) => requestIdOf(request.headers[REQUEST_ID_HEADER]),
    routerOptions: { maxParamLength: MOST_PARAMETER_CHARACTERS },
    frameworkErrors: (error, request, reply) => void answerFailure(error, request as FastifyRequest, reply as FastifyReply),
    clientErrorHandler: (error, socket) => answerBadRequest(error, socket),
  }) as unknown as RpcApp;
  app.setValidatorCompiler<ZodType>(({ schema, httpPart }) => (data: unknown) => {
    if (httpPart === "headers") return { value: data };
    const { success, data: value, error } = schema.safeParse(data ?? undefined);
    return success ? { value } : { error: new InvalidRequest(httpPart ?? "request", error.issues, data) };
  });
  // What is answered is held to its schema in the tests, and not once more in every answer.
  app.setSerializerCompiler(() => JSON.stringify);
  app.addHook("onSend", async (_request, reply) => {
    // A connection that is kept would keep the server.
    if (closing.aborted) reply.header("connection", "close");
  });
  app.setErrorHandler((error, request, reply) => answerFailure(error, request, reply));
  app.setNotFoundHandler((request, reply) => answerFailure(notFound(request), request, reply));
  return app;
}

/** That of a proxy in front is kept, so that one id is in both logs. */
function requestIdOf(given: string | readonly string[] | undefined): string {
  return typeof given === "string" && /^[\w.:-]{1,128}$/u.test(given) ? given : randomUUIDv7();
}

/** What is no HTTP, or takes too long to become a request, has no request to answer. */
function answerBadRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const [status, phrase]: readonly [number, string] =
    error.code === "ERR_HTTP_REQUEST_TIMEOUT"
      ? [408, "Request Timeout"]
      : error.code === "HPE_HEADER_OVERFLOW"
        ? [431, "Request Header Fields Too Large"]
        : [400, "Bad Request"];
  const body = JSON.stringify({
    type: "urn:bifrost-executor:ERR_INPUT_INVALID",
    title: "The request cannot be carried out",
    status,
    detail: `${phrase}: what came was no whole HTTP request in time and size.`,
    code: "ERR_INPUT_INVALID",
    name: "Fault",
    retryable: false,
    details: {},
    requestId: randomUUIDv7(),
  });
  socket.end(
    `HTTP/1.1 ${status} ${phrase}\r\ncontent-type: application/problem+json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
