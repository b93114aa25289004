// How much of requests' bodies is held at once, over all requests: each is small enough, and many together might not be.
import type { FastifyRequest } from "fastify";
import { Fault } from "../errors.ts";
import type { RpcApp } from "./rpc-app.ts";
import type { RouteParts } from "./server-parts.ts";

/** Bodies up to this size are not counted: connections are fewer than what they could add up to. */
const SMALL_BYTES = 64 * 1024;

/** Call after `requireTokens`: nobody without a token takes room. */
export function boundBodies(app: RpcApp, { limits }: RouteParts): void {
  const { bodyBytes, bodiesBytes } = limits;
  let held = 0;
  app.addHook("onRequest", async (request, reply) => {
    const bytes = sizeOf(request, bodyBytes);
    // What is too large by itself is refused for that.
    if (bytes <= SMALL_BYTES || bytes > bodyBytes) return;
    if (held > 0 && held + bytes > bodiesBytes) {
      throw new Fault("ERR_EXECUTOR_BUSY", `Requests of ${held} bytes are being served; ${bytes} more are too many at once. Try again soon.`, {
        details: { limit: bodiesBytes, held, amount: bytes },
      });
    }
    held += bytes;
    reply.raw.once("close", () => (held -= bytes));
  });
}

function sizeOf({ headers }: FastifyRequest, unsaid: number): number {
  if (headers["content-length"] !== undefined) return Number(headers["content-length"]);
  return headers["transfer-encoding"] === undefined ? 0 : unsaid;
}
