// Lists the open tickets whose reply or solution is late, or soon will be, counted in the desk's opening hours.
//   run-workflow sla-watch
//   run-workflow sla-watch -p soonMinutes=240
import { workflow, z } from "bifrost";
import { clients, planOf } from "clients";
import { inWords, openMinutesBetween } from "shared/business-hours";
import { countBy } from "shared/count";
import { openTickets } from "tickets";
import type { Ticket } from "tickets";
import desk from "./data/desk.json" with { type: "json" };

const params = z.object({
  at: z.iso.datetime().default(desk.asOf).describe("The moment to look from; the data that ships with this example is from November 2026"),
  soonMinutes: z.number().int().nonnegative().default(60).describe("How close to its limit a ticket is listed as due soon"),
});

export default workflow({ name: "sla-watch", params }, async ({ at, soonMinutes }, ctx) => {
  const now = new Date(at);
  const checked = openTickets()
    .map((ticket) => check(ticket, now))
    .toSorted((one, other) => one.minutesLeft - other.minutesLeft);
  const late = checked.filter(({ minutesLeft }) => minutesLeft < 0);
  const dueSoon = checked.filter(({ minutesLeft }) => minutesLeft >= 0 && minutesLeft <= soonMinutes);
  for (const { ticket, text } of late) ctx.log.warn(`ticket ${ticket} is late`, { text });
  return {
    at,
    late,
    dueSoon,
    onTrack: checked.length - late.length - dueSoon.length,
    lateByClient: countBy(late, ({ client }) => client),
  };
});

function check(ticket: Ticket, now: Date) {
  const client = clients.find(({ id }) => id === ticket.client);
  if (client === undefined) throw new Error(`Ticket ${ticket.id} belongs to "${ticket.client}", which data/clients.json does not list`);
  const plan = planOf(client);
  const waitsFor = ticket.repliedAt === null ? "reply" : "solution";
  const limit = waitsFor === "reply" ? plan.replyWithinMinutes : plan.closeWithinMinutes;
  const minutesLeft = limit - openMinutesBetween(new Date(ticket.openedAt), now);
  const text = `${waitsFor} ${minutesLeft < 0 ? `${inWords(-minutesLeft)} late` : `due in ${inWords(minutesLeft)}`}`;
  return { ticket: ticket.id, client: client.name, subject: ticket.subject, text, minutesLeft };
}
