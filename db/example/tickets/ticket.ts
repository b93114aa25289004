// What a ticket is.
export interface Ticket {
  readonly id: number;
  /** A client's id. */
  readonly client: string;
  readonly subject: string;
  readonly text: string;
  readonly openedAt: string;
  readonly repliedAt: string | null;
  readonly closedAt: string | null;
  readonly technician: string | null;
  /** Minutes worked on it. */
  readonly minutes: number;
}

export function isOpen(ticket: Ticket): boolean {
  return ticket.closedAt === null;
}

export function isUntriaged(ticket: Ticket): boolean {
  return isOpen(ticket) && ticket.technician === null;
}
