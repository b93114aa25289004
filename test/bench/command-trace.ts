// Where the time of one command goes, from the marks that trace-start.mjs wrote down.
import { readFileSync, rmSync } from "node:fs";

export const PARTS = ["launcher", "node starts", "our imports", "child starts", "until hand-over", "run", "end"] as const;
export type Part = (typeof PARTS)[number];
export type Split = Readonly<Record<Part, number>>;

export const PART_MEANINGS: Readonly<Record<Part, string>> = {
  launcher: "from the command until the Node starts that runs it: a Node that is too old starts first and looks for the right one",
  "node starts": "until that Node runs its first script",
  "our imports": "arguments, configuration and our own files, until the child process is started",
  "child starts": "until the child has a room ready",
  "until hand-over": "what was not done beside the child's start: database, directory, snapshot, modules",
  run: "hand-over, link, evaluate, call, answer",
  end: "print, close, exit",
};

interface Mark {
  readonly pid: number;
  readonly event: string;
  readonly at: number;
}

/** `began` and `ended` on the clock of `performance.timeOrigin + performance.now()`. Removes the file. */
export function readSplit(file: string, { began, ended }: { readonly began: number; readonly ended: number }): Split {
  const marks = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Mark);
  rmSync(file);
  const pid = marks.find(({ event }) => event === "spawn")?.pid;
  const at = (event: string): number => {
    const mark = marks.find((each) => each.pid === pid && each.event === event);
    if (mark === undefined) throw new Error(`The command left no mark ${JSON.stringify(event)}; it left ${marks.map((each) => each.event).join(", ")}.`);
    return mark.at;
  };
  const points = [began, at("process"), at("loaded"), at("spawn"), at("ready"), Math.max(at("ready"), at("run")), at("done"), ended];
  return Object.fromEntries(PARTS.map((part, index) => [part, points[index + 1]! - points[index]!])) as unknown as Split;
}
