// A month's review for one client, in a format whose module is imported only when it is asked for.
//   run-workflow client-review -p client=kestrel
//   run-workflow client-review -p client=oakmoor -p format=csv
import { workflow, z } from "bifrost";
import { findClient, planOf } from "clients";
import { isOpen, tickets } from "tickets";
import desk from "./data/desk.json";
import type { Review, Writer } from "./reports/review.ts";

const params = z.object({
  client: z.string().min(1).describe("A client's id, or a part of the name"),
  month: z
    .string()
    .regex(/^\d{4}-\d{2}$/)
    .default("2026-11")
    .describe("As in 2026-11"),
  format: z.enum(["markdown", "csv"]).default("markdown"),
});

export default workflow({ name: "client-review", params }, async ({ client: wanted, month, format }, ctx) => {
  const client = findClient(wanted);
  const plan = planOf(client);
  const worked = tickets.filter((ticket) => ticket.client === client.id && ticket.openedAt.startsWith(month));
  const minutes = worked.reduce((sum, ticket) => sum + ticket.minutes, 0);
  const extraMinutes = Math.max(0, minutes - plan.includedMinutes);
  const review: Review = {
    client: client.name,
    month,
    tickets: worked,
    open: worked.filter(isOpen).length,
    minutes,
    charge: Math.round((extraMinutes / 60) * desk.hourlyRate * 100) / 100,
  };
  const report: Writer = await import(`./reports/${format}.ts`);
  ctx.log.info(`wrote the review of ${client.name}`, { tickets: worked.length, format });
  return { client: client.id, month, open: review.open, minutes, charge: review.charge, document: report.write(review) };
});
