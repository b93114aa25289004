import { inWords } from "shared/business-hours";
import type { Review } from "./review.ts";

export function write({ client, month, tickets, open, minutes, charge }: Review): string {
  const rows = tickets.map(
    ({ id, subject, closedAt, minutes: spent }) => `| ${id} | ${subject} | ${closedAt === null ? "open" : "closed"} | ${inWords(spent)} |`,
  );
  return [
    `# ${client}, ${month}`,
    "",
    `${tickets.length} tickets, ${open} of them open. Time: ${inWords(minutes)}. Beyond the plan: ${charge.toFixed(2)}.`,
    "",
    "| ticket | subject | state | time |",
    "| --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}
