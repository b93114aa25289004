// src/rpc/openapi.json is what the routes declare, and says of each route what its callers need to know.
import { expect, it } from "vitest";
import { declaredDocument, writtenDocument } from "./openapi-document.ts";

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly security: readonly unknown[];
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Readonly<Record<string, unknown>> }>>;
}

const document = JSON.parse(writtenDocument()) as {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
};
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));

it("src/rpc/openapi.json is what the routes declare; write it anew with test/architecture/write-openapi.ts", async () => {
  expect(JSON.parse(writtenDocument())).toEqual(JSON.parse(await declaredDocument()));
});

it("every operation has a name of its own, a summary, who may ask, and the problem that all can answer with", () => {
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  for (const { operationId, summary, description, security, responses } of operations) {
    expect([operationId, summary.length > 0, /For (tokens with the scopes? `\w+`(?: and `\w+`)*|every token|everybody)\./u.test(description)]).toEqual([
      operationId,
      true,
      true,
    ]);
    expect([operationId, security.length === 0]).toEqual([operationId, operationId === "health"]);
    const problem = responses["default"]?.content?.["application/problem+json"];
    if (operationId !== "health") expect(problem).toEqual({ schema: { $ref: "#/components/schemas/Problem" } });
    for (const { description: meaning } of Object.values(responses)) expect(meaning).not.toMatch(/Default Response/u);
  }
});

it("every reference leads somewhere, and nothing is there that nobody refers to", () => {
  const text = JSON.stringify(document);
  const referred = new Set([...text.matchAll(/"#\/components\/schemas\/([^"]+)"/gu)].map(([, name = ""]) => name));
  expect([...referred].toSorted()).toEqual(Object.keys(document.components.schemas).toSorted());
});
