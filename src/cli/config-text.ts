// Entries of a workspace's configuration as text: columns for a person, tabs for a program.
import type { ConfigEntry } from "../workspace/config-values.ts";
import { visible, visibleJson } from "./terminal.ts";

const MOST_SHOWN = 60;

/** Key, kind, version, last change, and the value as JSON or who may read the secret. */
export function entriesText(entries: readonly ConfigEntry[], { aligned }: { readonly aligned: boolean }): string {
  const row = (entry: ConfigEntry, last: string): string[] => [entry.key, entry.kind, String(entry.version), entry.updatedAt, last];
  if (!aligned) return entries.map((entry) => `${row(entry, about(entry)).join("\t")}\n`).join("");
  const titled = [["KEY", "KIND", "VERSION", "CHANGED", "VALUE, OR GRANTED TO"]].concat(entries.map((entry) => row(entry, shortened(about(entry)))));
  const widths = [0, 1, 2, 3].map((at) => Math.max(...titled.map((cells) => cells[at]?.length ?? 0)));
  return titled.map((cells) => `${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ")}\n`).join("");
}

function about(entry: ConfigEntry): string {
  if (entry.kind === "value") return visibleJson(JSON.stringify(entry.value));
  return entry.grantedTo.length === 0 ? "-" : visible(entry.grantedTo.join(", ")).replaceAll(/[\t\n]/g, " ");
}

function shortened(text: string): string {
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}
