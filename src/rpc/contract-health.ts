// Whether the service is there, and whether it can work.
import { z } from "zod";
import { named } from "./contract.ts";

/** `GET /health`: the one route without a token. It asks nobody. */
export const healthSchema = z.object({ status: z.literal("ok") }).register(named, { id: "Health" });

/** `GET /ready`: 200, or 503 with the same shape. */
export const readinessSchema = z
  .object({
    ready: z.boolean(),
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), message: z.string().optional() })),
  })
  .register(named, { id: "Readiness" });
