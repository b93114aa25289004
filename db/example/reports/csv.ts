import type { Review } from "./review.ts";

export function write({ tickets }: Review): string {
  const rows = tickets.map(({ id, subject, openedAt, closedAt, minutes }) => [id, subject, openedAt, closedAt ?? "", minutes]);
  return [["ticket", "subject", "opened", "closed", "minutes"], ...rows].map((row) => row.map(quote).join(",")).join("\n");
}

function quote(value: string | number): string {
  return /[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value);
}
