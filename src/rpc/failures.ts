// Whatever a request fails by, as a fault with its status: ours as they are, Fastify's by what they mean, all else a defect.
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { Fault } from "../errors.ts";
import { REQUEST_ID_HEADER } from "./contract.ts";
import { describeIssues, issuesOf } from "./invalid-request.ts";
import { PROBLEM_TYPE, problemOf, RETRY_AFTER_SECONDS } from "./problem.ts";
import { RequestFault } from "./request-fault.ts";

interface Failure {
  readonly fault: Fault;
  readonly status?: number;
}

/** Answers with the problem; logs what an operator or we ourselves must know of. */
export function answerFailure(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { fault, status } = failureOf(thrown, request);
  const problem = problemOf(fault, { isAdmin: request.caller?.isAdmin ?? false, requestId: request.id, status });
  if (problem.status >= 500) log(fault, request);
  if (problem.status === 503 || problem.status === 429) reply.header("retry-after", RETRY_AFTER_SECONDS);
  if (problem.status === 401) reply.header("www-authenticate", 'Bearer realm="bifrost-executor"');
  // Whoever still sends a body that nobody reads cannot be asked anything more on this connection.
  if (problem.status === 413) reply.header("connection", "close");
  reply.header(REQUEST_ID_HEADER, request.id);
  return reply.code(problem.status).type(PROBLEM_TYPE).serializer(JSON.stringify).send(problem);
}

/** Of what an operator must mend the message says all; of a defect nothing is left out. */
function log(fault: Fault, request: FastifyRequest): void {
  const { code, message, cause } = fault;
  if (fault.owner === "project") request.log.error({ code, err: cause ?? fault }, message);
  else request.log.warn({ code, ...(cause instanceof Error && { cause: cause.message }) }, message);
}

export function notFound(request: FastifyRequest): Fault {
  const path = request.url.split("?")[0]?.slice(0, 200) ?? "";
  return new RequestFault(404, `There is no ${path} here. /openapi.json tells what there is.`, {
    path: "path",
    expected: "a path of /openapi.json",
    received: path,
  });
}

function failureOf(thrown: unknown, request: FastifyRequest): Failure {
  if (thrown instanceof RequestFault) return { fault: thrown, status: thrown.status };
  if (thrown instanceof Fault) return { fault: thrown };
  const issues = issuesOf(thrown);
  if (issues !== undefined) return { fault: describeIssues(issues) };
  const { code, statusCode } = thrown as Partial<FastifyError>;
  switch (code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return { fault: tooLarge(request), status: 413 };
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return { fault: invalid("content-type", "application/json", request.headers["content-type"] ?? "none"), status: 415 };
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return { fault: invalid("content-length", "the length of the body", request.headers["content-length"] ?? "none") };
    case "FST_ERR_BAD_URL":
    case "FST_ERR_MAX_PARAM_LENGTH":
      return { fault: invalid("path", "percent-encoded UTF-8 of moderate length", request.url.slice(0, 200)) };
    default:
  }
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    return { fault: new Fault("ERR_INPUT_INVALID", "The request is not well formed.", { details: { path: "request" }, cause: thrown }), status: statusCode };
  }
  return { fault: new Fault("ERR_INTERNAL", thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown }) };
}

function tooLarge(request: FastifyRequest): Fault {
  const limit = request.routeOptions.bodyLimit;
  const announced = Number(request.headers["content-length"]);
  return new Fault("ERR_INPUT_TOO_LARGE", `The request's body is larger than the ${limit} bytes that are taken. Send less, or send where it is stored.`, {
    details: { limit, ...(Number.isSafeInteger(announced) ? { amount: announced } : {}) },
  });
}

function invalid(path: string, expected: string, received: string): Fault {
  return new Fault("ERR_INPUT_INVALID", `${path} is ${JSON.stringify(received.slice(0, 200))}; ${expected} is wanted.`, {
    details: { path, expected, received: received.slice(0, 200) },
  });
}
