// What a workspace has to be run, and what its data providers offer.
import { z } from "zod";
import { forCaller } from "../audience.ts";
import { Fault } from "../errors.ts";
import type { Executable } from "../snapshot/origin.ts";
import { executionSchema } from "./contract-execution.ts";
import {
  optionsBodySchema,
  optionsSchema,
  referenceParamsSchema,
  workflowListSchema,
  workflowSchema,
  workflowsQuerySchema,
  type WorkflowEntry,
} from "./contract-workflows.ts";
import { inputTextOf } from "./json-text.ts";
import { addRoute } from "./route.ts";
import type { RpcApp } from "./rpc-app.ts";
import type { RouteParts } from "./server-parts.ts";

const TAG = "workflows";

export function workflowsRoutes(app: RpcApp, parts: RouteParts): void {
  const { dataOptions } = parts;
  addRoute(app, parts, {
    method: "GET",
    url: "/v1/workflows",
    scope: "read",
    id: "listWorkflows",
    tag: TAG,
    summary: "Lists workflows, tools and data providers, with the JSON Schema of their input",
    query: workflowsQuerySchema,
    answers: { 200: { description: "By path and export", schema: workflowListSchema } },
    async handle({ query: { kind, active }, workspace }) {
      const { executor } = await workspace();
      const found = (await executor.executables()).filter(
        (each) => (kind ?? each.kind) === each.kind && String(each.active) === (active ?? String(each.active)),
      );
      return { workflows: found.map(entryOf).toSorted(byReference) };
    },
  });
  addRoute(app, parts, {
    method: "GET",
    url: "/v1/workflows/:reference",
    scope: "read",
    id: "getWorkflow",
    tag: TAG,
    summary: "Gives the one that a reference names",
    params: referenceParamsSchema,
    answers: { 200: { description: "It", schema: workflowSchema } },
    async handle({ params: { reference }, workspace }) {
      const { executor } = await workspace();
      const { workflow, executable } = await executor.resolve(reference);
      const found = await executable();
      if (found !== undefined) return entryOf(found);
      throw new Fault(
        "ERR_EXECUTABLE_NOT_FOUND",
        `${workflow} is registered as nothing that can be run: export it through workflow(), tool() or dataProvider().`,
        {
          details: { reference, workflow },
        },
      );
    },
  });
  if (dataOptions === undefined) return;
  addRoute(app, parts, {
    method: "POST",
    url: "/v1/data-providers/:reference/options",
    scope: "execute",
    id: "getOptions",
    tag: TAG,
    summary: "Gives what a data provider offers, from the cache where it is fresh",
    description: "Where the data provider failed, the execution that did is answered with its envelope; nothing of that is kept.",
    params: referenceParamsSchema,
    body: optionsBodySchema,
    rawMembers: ["input"],
    answers: { 200: { description: "What can be chosen, or the execution that failed to tell", schema: z.union([optionsSchema, executionSchema]) } },
    async handle({ params: { reference }, body, workspace, caller, left }) {
      const answer = await dataOptions(await workspace(), { reference, inputJson: inputTextOf(body.input), askedBy: caller.name, signal: left });
      return "options" in answer || caller.isAdmin ? answer : forCaller(answer);
    },
  });
}

function entryOf(executable: Executable & { readonly retry?: WorkflowEntry["retry"] | null }): WorkflowEntry {
  const { id, name, path, exportName, kind, parameters, parametersReason, timeoutMs, active, retry } = executable;
  return { id, name, path, export: exportName, kind, parameters, parametersReason, timeoutMs, ...(retry ? { retry } : {}), active };
}

function byReference(one: WorkflowEntry, other: WorkflowEntry): number {
  const [left, right] = [`${one.path}::${one.export}`, `${other.path}::${other.export}`];
  return left < right ? -1 : left > right ? 1 : 0;
}
