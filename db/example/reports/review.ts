import type { Ticket } from "../tickets";

export interface Review {
  readonly client: string;
  readonly month: string;
  readonly tickets: readonly Ticket[];
  readonly open: number;
  readonly minutes: number;
  /** What goes beyond the plan, in the desk's currency. */
  readonly charge: number;
}

/** What every module in this directory that writes a review exports. */
export interface Writer {
  write(review: Review): string;
}
