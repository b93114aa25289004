// What workflows of a workspace are configured with. For admins; a secret's value goes in, and never comes out.
import { z } from "zod";
import { CONFIG_KEY_FORM, isConfigKey } from "../workspace/config-key.ts";
import { named } from "./contract.ts";

export const configParamsSchema = z.strictObject({
  key: z.string().refine(isConfigKey, CONFIG_KEY_FORM).describe("What `config.get(key)` asks for; percent-encoded"),
});

const grantsSchema = z.array(z.string().max(2000)).max(1000).describe("Who may read it: `path::export`, a path, a directory that ends in `/`, or `*`");

/** `PUT /v1/config/:key`: a plain value, a secret, or only who may read the secret that is there: all of them, some more, or some less. */
export const configBodySchema = z
  .strictObject({
    value: z.unknown().optional().describe("Any JSON but null: what every workflow may read"),
    secret: z.string().optional().describe("4 to 65,536 characters; no route gives it back"),
    grantedTo: grantsSchema.optional().describe("Of a secret. Where absent, a secret that is there keeps its grants, and a new one has none"),
    grant: grantsSchema.optional().describe("Of a secret that is there: who may read it as well"),
    revoke: grantsSchema.optional().describe("Of a secret that is there: who may no longer read it, as it was granted"),
  })
  .refine(
    ({ value, secret, grantedTo, grant, revoke }) =>
      [value !== undefined, secret !== undefined || grantedTo !== undefined, grant !== undefined, revoke !== undefined].filter(Boolean).length === 1,
    { message: "value alone, or secret, or grantedTo, or both of these, or grant alone, or revoke alone" },
  )
  .register(named, { id: "ConfigRequest" });
export type ConfigBody = z.input<typeof configBodySchema>;

/** `value` of a plain value, `grantedTo` of a secret. */
export const configEntrySchema = z
  .object({
    key: z.string(),
    kind: z.enum(["value", "secret"]),
    value: z.unknown().optional(),
    grantedTo: z.array(z.string()).optional(),
    version: z.int().describe("1, and one more with every change"),
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .register(named, { id: "ConfigEntry" });
export type ConfigEntryAnswer = z.output<typeof configEntrySchema>;

export const configListSchema = z.object({ entries: z.array(configEntrySchema) }).register(named, { id: "ConfigList" });
