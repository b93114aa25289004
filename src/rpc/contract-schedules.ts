// Workflows that run by the clock.
import { z } from "zod";
import { inputSchema, named, referenceSchema } from "./contract.ts";

const cronSchema = z
  .string()
  .min(1)
  .max(200)
  .describe("Minute, hour, day of month, month, day of week; or seconds before them; or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`");

const timeZoneSchema = z.string().min(1).max(200).describe("IANA time zone that `cron` is read in: `Europe/Berlin`");

/** `PUT /v1/schedules/:name` */
export const scheduleBodySchema = z
  .strictObject({
    workflow: referenceSchema,
    input: inputSchema.optional(),
    cron: cronSchema,
    timeZone: timeZoneSchema.optional().describe("IANA time zone; UTC where absent"),
    enabled: z.boolean().optional().describe("False: it waits until it is enabled, and what it misses is not made up for; true where absent"),
  })
  .register(named, { id: "ScheduleRequest" });
export type ScheduleBody = z.input<typeof scheduleBodySchema>;

export const scheduleParamsSchema = z.strictObject({ name: z.string().min(1).max(100) });

const scheduleEntrySchema = z.object({
  name: z.string(),
  workflow: z.string().describe("As it was written: resolved each time"),
  cron: z.string(),
  timeZone: z.string(),
  enabled: z.boolean(),
  nextAt: z.string().optional().describe("Absent where it is not enabled, or no such time comes any more"),
  lastAt: z.string().optional().describe("When it was last due"),
  lastExecutionId: z.string().optional(),
  lastError: z.string().optional().describe("Why nothing was executed when it was last due"),
});

/** Without input. */
export const scheduleListSchema = z.object({ schedules: z.array(scheduleEntrySchema) }).register(named, { id: "ScheduleList" });
export type ScheduleEntry = z.output<typeof scheduleEntrySchema>;

export const scheduleSchema = scheduleEntrySchema.extend({ input: inputSchema }).register(named, { id: "Schedule" });
export type ScheduleAnswer = z.output<typeof scheduleSchema>;
