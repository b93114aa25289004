// The tickets of the desk. They come from a file here; in real life this is where a ticket system would be asked.
import stored from "../data/tickets.json";
import { isOpen } from "./ticket.ts";
import type { Ticket } from "./ticket.ts";

export const tickets: readonly Ticket[] = stored;

export function openTickets(): readonly Ticket[] {
  return tickets.filter(isOpen);
}

/** Technician → number of open tickets. */
export function workload(): Map<string, number> {
  const load = new Map<string, number>();
  for (const { technician } of openTickets()) if (technician !== null) load.set(technician, (load.get(technician) ?? 0) + 1);
  return load;
}
