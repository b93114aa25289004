// Executions: asking for one, and all that is told of those that were asked for. What began is answered with its envelope,
// however it ended; a caller who is no admin gets it without what is for admins alone (B91).
import type { FastifyReply } from "fastify";
import type { z } from "zod";
import { forCaller, stateForCaller, summaryForCaller } from "../audience.ts";
import type { Execution } from "../completion.ts";
import { Fault } from "../errors.ts";
import type { ExecutionState } from "../executions/ledger.ts";
import { hasEnded, type Submission } from "../host.ts";
import { executionSchema, pageSchema, stateSchema, stateWithInputSchema } from "./contract-execution.ts";
import { cancellationSchema, executeBodySchema, executionParamsSchema, listQuerySchema, resultQuerySchema, validateBodySchema } from "./contract-executions.ts";
import { IDEMPOTENCY_HEADER } from "./contract.ts";
import { inputTextOf, withRawMember } from "./json-text.ts";
import { addRoute, type Asked } from "./route.ts";
import type { RpcApp } from "./rpc-app.ts";
import type { RouteParts } from "./server-parts.ts";
import type { Caller } from "./tokens.ts";

const TAG = "executions";
const ENDED = { description: "It has ended", schema: executionSchema };
const NOT_ENDED = { description: "It has not ended; `Location` tells where it is looked at", schema: stateSchema };

export function executionsRoutes(app: RpcApp, parts: RouteParts): void {
  addRoute(app, parts, {
    method: "POST",
    url: "/v1/executions",
    scope: "execute",
    id: "execute",
    tag: TAG,
    summary: "Executes a workflow",
    description: "An execution that began is answered with 200 and its envelope, however it ended.",
    body: executeBodySchema,
    rawMembers: ["input"],
    headers: { [IDEMPOTENCY_HEADER]: "In place of `idempotencyKey`" },
    answers: { 200: ENDED, 202: { ...NOT_ENDED, description: "It is kept, and will have exactly one end; `Location` tells where it is looked at" } },
    async handle(asked, reply) {
      const { mode, waitMs } = asked.body;
      const submission = submissionOf(asked);
      const workspace = await asked.workspace();
      const answer = mode === "async" ? await workspace.submit(submission) : await workspace.execute(submission, { waitMs, signal: asked.left });
      return told(answer, { caller: asked.caller, reply });
    },
  });
  addRoute(app, parts, {
    method: "GET",
    url: "/v1/executions",
    scope: "read",
    id: "listExecutions",
    tag: TAG,
    summary: "Lists executions, newest first, without inputs and results",
    query: listQuerySchema,
    answers: { 200: { description: "A page of them", schema: pageSchema } },
    async handle({ query: { status: statuses, ...filter }, workspace, caller }) {
      const page = await (await workspace()).list({ ...filter, statuses });
      return caller.isAdmin ? page : { ...page, executions: page.executions.map(summaryForCaller) };
    },
  });
  addRoute(app, parts, {
    method: "GET",
    url: "/v1/executions/:id",
    scope: "read",
    id: "getExecution",
    tag: TAG,
    summary: "Tells how an execution stands, and what its input was",
    params: executionParamsSchema,
    answers: { 200: { description: "All that is known of it but result and logs", schema: stateWithInputSchema } },
    async handle({ params, workspace, caller }, reply) {
      const { inputJson, ...state } = stateFor(await (await workspace()).state(params.id), caller);
      return sendJson(reply, withRawMember(state, "input", inputJson));
    },
  });
  addRoute(app, parts, {
    method: "GET",
    url: "/v1/executions/:id/result",
    scope: "read",
    id: "getResult",
    tag: TAG,
    summary: "Gives the envelope of an execution that has ended, or waits for it",
    params: executionParamsSchema,
    query: resultQuerySchema,
    answers: { 200: ENDED, 202: NOT_ENDED },
    async handle({ params, query: { waitMs = 0 }, workspace, caller, left }, reply) {
      return told(await (await workspace()).result(params.id, { waitMs, signal: left }), { caller, reply });
    },
  });
  addRoute(app, parts, {
    method: "POST",
    url: "/v1/executions/:id/cancel",
    scope: "execute",
    id: "cancelExecution",
    tag: TAG,
    summary: "Cancels an execution",
    description: "Answered when it has ended as cancelled, and so again for one that was cancelled before. 409 where it came to another end.",
    params: executionParamsSchema,
    answers: { 200: { description: "It has ended as cancelled", schema: cancellationSchema } },
    handle: async ({ params, workspace }) => await (await workspace()).cancel(params.id),
  });
  addRoute(app, parts, {
    method: "POST",
    url: "/v1/validate",
    scope: "execute",
    id: "validate",
    tag: TAG,
    summary: "Does everything but the call: finds, links and evaluates the modules, and validates the input",
    description: "Nothing is recorded. What the modules do at their top level is done.",
    body: validateBodySchema,
    rawMembers: ["input"],
    answers: { 200: { description: "How it ended; the result is null where all is well", schema: executionSchema } },
    async handle({ body: { workflow: reference, input, limits, snapshotId }, workspace, caller }) {
      const execution = await (await workspace()).validate({ reference, inputJson: inputTextOf(input), limits, snapshotId });
      return caller.isAdmin ? execution : forCaller(execution);
    },
  });
}

function submissionOf({ body, caller, request }: Asked<typeof executeBodySchema, z.ZodUndefined, z.ZodUndefined>): Submission {
  const { workflow: reference, input, mode, idempotencyKey, scheduledAt, delayMs, waitMs, id, priority, maxWaitMs, retry, limits, snapshotId } = body;
  if (mode === "async" && waitMs !== undefined) throw excluding("waitMs", "nothing where mode is async, which does not wait");
  const header = request.headers[IDEMPOTENCY_HEADER];
  const key = typeof header === "string" && header !== "" ? header : undefined;
  if (key !== undefined && idempotencyKey !== undefined && key !== idempotencyKey) throw excluding("idempotencyKey", "the same as the header Idempotency-Key");
  return {
    reference,
    inputJson: inputTextOf(input),
    askedBy: caller.name,
    id,
    idempotencyKey: idempotencyKey ?? key,
    priority,
    dueAt: scheduledAt,
    delayMs,
    maxWaitMs,
    retry,
    limits,
    snapshotId,
    traceparent: request.span?.traceparent,
  };
}

function told(answer: Execution | ExecutionState, { caller, reply }: { readonly caller: Caller; readonly reply: FastifyReply }): unknown {
  if (hasEnded(answer)) return caller.isAdmin ? answer : forCaller(answer);
  const { inputJson: _, ...state } = stateFor(answer, caller);
  reply.code(202).header("location", `/v1/executions/${state.id}`);
  return state;
}

function stateFor(state: ExecutionState, { isAdmin }: Caller): ExecutionState {
  return isAdmin ? state : stateForCaller(state);
}

function sendJson(reply: FastifyReply, text: string): FastifyReply {
  return reply.type("application/json; charset=utf-8").serializer(String).send(text);
}

function excluding(path: string, expected: string): Fault {
  return new Fault("ERR_INPUT_INVALID", `${path} is given; ${expected} is wanted.`, { details: { path, expected, received: "a value" } });
}
