// The OpenAPI document, made of the routes as they are declared.
import swagger from "@fastify/swagger";
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z, type core } from "zod";
import { named } from "./contract.ts";
import type { RpcApp } from "./rpc-app.ts";

export async function describeRoutes(app: RpcApp): Promise<void> {
  const options = { schemaRegistry: named, zodToJsonConfig: { override: describe } };
  const transformObject = createJsonSchemaTransformObject(options);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "bifrost-executor",
        version: "1",
        description:
          "Runs TypeScript workflows from pinned snapshots. Every execution that began is answered with its envelope, however it ended; what could not begin is a problem (RFC 9457) with a code of the fault table.",
      },
      components: { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } },
    },
    transform: createJsonSchemaTransform(options),
    transformObject: (document) => plainlyNamed(withoutUnused(transformObject(document) as unknown as Document)) as object,
  });
}

/** What zod knows of a schema and does not tell, and what it tells that nobody needs. */
function describe({ zodSchema, jsonSchema }: { readonly zodSchema: core.$ZodTypes; readonly jsonSchema: core.JSONSchema.BaseSchema }): void {
  const { description } = z.globalRegistry.get(zodSchema) ?? {};
  if (description !== undefined && jsonSchema.$ref === undefined) jsonSchema.description ??= description;
  if (zodSchema._zod.def.type === "undefined") jsonSchema.type = "null";
  // Answers get members with time: whoever reads them is to pass over those that it does not know.
  if (zodSchema._zod.def.type === "object" && zodSchema._zod.def.catchall === undefined) delete jsonSchema.additionalProperties;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (JSON.stringify(jsonSchema.propertyNames) === '{"type":"string"}') delete jsonSchema.propertyNames;
}

type Document = Record<string, unknown> & { readonly components: Record<string, unknown> & { readonly schemas: Record<string, unknown> } };

/** Each schema comes twice, as it is asked and as it is answered: only those that something refers to stay. */
function withoutUnused(document: Document): Document {
  const { schemas } = document.components;
  const used = new Set<string>();
  const waiting: unknown[] = [{ ...document, components: { ...document.components, schemas: {} } }];
  for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
    for (const name of referencesIn(each)) {
      if (used.has(name)) continue;
      used.add(name);
      waiting.push(schemas[name]);
    }
  }
  const kept = Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)));
  return { ...document, components: { ...document.components, schemas: kept } };
}

/** `XInput` is X where that is no other schema. */
function plainlyNamed(document: Document): Document {
  const { schemas } = document.components;
  const isPlain = (name: string): boolean => !Object.hasOwn(schemas, name) || JSON.stringify(schemas[name]) === JSON.stringify(schemas[`${name}Input`]);
  const names = new Map(
    Object.keys(schemas).flatMap((name) => (name.endsWith("Input") && isPlain(name.slice(0, -5)) ? [[name, name.slice(0, -5)] as const] : [])),
  );
  const renamed = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [names.get(name) ?? name, schema]));
  const text = JSON.stringify({ ...document, components: { ...document.components, schemas: renamed } });
  return JSON.parse(
    text.replaceAll(/"#\/components\/schemas\/([^"]+)"/gu, (_, name: string) => `"#/components/schemas/${names.get(name) ?? name}"`),
  ) as Document;
}

function referencesIn(value: unknown): readonly string[] {
  return [...JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/gu)].map(([, name = ""]) => name);
}
