// What the words of a ticket say about it. The first rule that matches decides what it is about.
import type { Ticket } from "../tickets/ticket.ts";

export type Priority = "urgent" | "high" | "normal" | "low";

interface Rule {
  readonly topic: string;
  readonly words: RegExp;
}

const TOPICS: readonly Rule[] = [
  { topic: "security", words: /phishing|suspicious|virus|ransom|stolen/i },
  { topic: "network", words: /\bvpn\b|internet|wi-?fi|offline|router/i },
  { topic: "accounts", words: /password|log in|account|new (starter|hygienist|colleague)/i },
  { topic: "mail", words: /mailbox|e-?mail|calendar/i },
  { topic: "printing", words: /print|toner|jams/i },
  { topic: "hardware", words: /laptop|screen|charge|till|keyboard/i },
];

export function topicOf(ticket: Ticket): string {
  return TOPICS.find(({ words }) => words.test(`${ticket.subject} ${ticket.text}`))?.topic ?? "general";
}

export function priorityOf(ticket: Ticket): Priority {
  const words = `${ticket.subject} ${ticket.text}`;
  if (/everyone|nobody|whole|all of us/i.test(words)) return "urgent";
  if (topicOf(ticket) === "security") return "urgent";
  if (/no hurry|whenever/i.test(words)) return "low";
  return /cannot|down|will not/i.test(words) ? "high" : "normal";
}
