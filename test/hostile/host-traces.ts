// What of the host would show in an envelope if something leaked: its paths, its files by name, its environment.
import { homedir, hostname, tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { realpathSync } from "node:fs";
import { randomUUID } from "node:crypto";
import type { Execution } from "../../src/completion.ts";
import { Fault } from "../../src/errors.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** In the environment of every supervisor that runs the cases. */
export const CANARY = `canary-${randomUUID()}`;

const FILES_OF_OURS =
  /node:internal|node_modules|isolated-vm|isolated_vm|file:\/\/|child-main|bootstrap\.ts|\/src\/(?:isolate|process|executions)\/|\/sandbox\//;

/** Values of the environment that are long enough to be told from ordinary words. */
const LEAST_SECRET = 8;

export function plantCanary(): void {
  process.env["HOSTILE_CANARY"] = CANARY;
}

/** Each with what it is; empty where nothing of the host shows. What the author wrote, or was given, is no trace. */
export function hostTraces(outcome: Execution | Fault, own: string): string[] {
  const text = outcome instanceof Fault ? JSON.stringify([outcome.name, outcome.message, outcome.details]) : JSON.stringify(outcome);
  const places = new Set([ROOT, realpathSync(ROOT), process.cwd(), process.execPath, tmpdir(), homedir(), hostname(), ...secrets()]);
  const found = [...places].filter((place) => place.length >= 4 && text.includes(place) && !own.includes(place)).map((place) => `the host's ${place}`);
  for (const match of text.matchAll(new RegExp(FILES_OF_OURS, "g"))) if (!own.includes(match[0])) found.push(`${match[0]} in …${around(text, match.index)}…`);
  return found;
}

function secrets(): string[] {
  return Object.values(process.env).filter((value) => value !== undefined && value.length >= LEAST_SECRET) as string[];
}

function around(text: string, index: number): string {
  return text.slice(Math.max(0, index - 80), index + 120);
}
