// An import of "tickets" finds this file.
export * from "./board.ts";
export { isOpen, isUntriaged } from "./ticket.ts";
export type { Ticket } from "./ticket.ts";
