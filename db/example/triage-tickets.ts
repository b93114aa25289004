// Proposes a priority and a technician for every ticket that nobody has yet.
//   run-workflow triage-tickets
//   run-workflow triage-tickets -i '{"away": ["Mbali"]}'
import { workflow, z } from "bifrost";
import { isUntriaged, tickets, workload } from "./tickets";
import { chooseTechnician } from "./triage/assign.ts";
import { priorityOf, topicOf } from "./triage/rules.ts";

const ORDER = ["urgent", "high", "normal", "low"];

const params = z.object({
  away: z.array(z.string()).default([]).describe("Technicians who take nothing today"),
  most: z.number().int().positive().default(20).describe("How many tickets to look at, the oldest first"),
});

export default workflow({ name: "triage-tickets", params }, async ({ away, most }, ctx) => {
  const load = workload();
  const waiting = tickets.filter(isUntriaged).slice(0, most);
  const proposals = waiting
    .map((ticket) => ({ ticket: ticket.id, subject: ticket.subject, topic: topicOf(ticket), priority: priorityOf(ticket) }))
    .toSorted((one, other) => ORDER.indexOf(one.priority) - ORDER.indexOf(other.priority))
    .map(({ ticket, subject, topic, priority }) => {
      const technician = chooseTechnician(topic, { load, away });
      if (technician === undefined) ctx.log.warn(`nobody is free for ticket ${ticket}`, { topic });
      else load.set(technician, (load.get(technician) ?? 0) + 1);
      return { ticket, subject, topic, priority, technician: technician ?? null };
    });
  ctx.log.info(`looked at ${waiting.length} tickets`);
  return { proposals, unassigned: proposals.filter(({ technician }) => technician === null).length };
});
