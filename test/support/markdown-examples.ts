// Finds the examples in a Markdown text that promise to run. What runs them is somebody else.
//
//   ```ts file=shared/rates.ts      is written to that path in the examples' workspace
//   ```console run                  `$ ` begins a command, what follows is what it prints (stdout and stderr);
//                                   a line of `…` stands for any lines, `…` within a line for any text
//   ```console run exit=4           …and the last command ends with 4; 0 unless said
//   ```console serve                goes on running while the examples after it do, once it answers
//   ```ts run                       runs as a program beside the workspace, to which it is the directory `workspace`
//
// The workspace fills up in the order of the text, as a reader would fill it.

export type Example =
  | { readonly kind: "service"; readonly line: number; readonly command: string }
  | { readonly kind: "file"; readonly line: number; readonly path: string; readonly content: string }
  | { readonly kind: "program"; readonly line: number; readonly content: string }
  | { readonly kind: "session"; readonly line: number; readonly steps: readonly Step[]; readonly exitCode: number };

export interface Step {
  readonly command: string;
  readonly output: string;
}

export function findExamples(markdown: string): Example[] {
  const found: Example[] = [];
  const lines = markdown.split("\n");
  for (let index = 0; index < lines.length; index += 1) {
    const [, indent = "", fence = "", info = ""] = /^(\s*)(`{3,})(.*)$/u.exec(lines[index] ?? "") ?? [];
    if (fence === "") continue;
    const end = lines.findIndex((line, at) => at > index && line.trim() === fence);
    if (end < 0) throw new Error(`The fence in line ${index + 1} is never closed.`);
    const content = lines.slice(index + 1, end).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    const example = toExample(info.trim().split(/\s+/u), content.join("\n"), index + 1);
    if (example !== undefined) found.push(example);
    index = end;
  }
  return found;
}

function toExample(info: readonly string[], text: string, line: number): Example | undefined {
  const content = `${text}\n`;
  const path = attribute(info, "file");
  if (path !== undefined) return { kind: "file", line, path, content };
  if (info.includes("serve")) return { kind: "service", line, command: text.trim().replace(/^\$ /u, "") };
  if (!info.includes("run")) return undefined;
  if (info[0] !== "console") return { kind: "program", line, content };
  return { kind: "session", line, steps: toSteps(text, line), exitCode: Number(attribute(info, "exit") ?? "0") };
}

function attribute(info: readonly string[], name: string): string | undefined {
  return info.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
}

function toSteps(text: string, line: number): Step[] {
  const steps: { command: string; output: string[] }[] = [];
  for (const row of text.split("\n")) {
    const last = steps.at(-1);
    if (row.startsWith("$ ")) steps.push({ command: row.slice(2), output: [] });
    else if (last?.command.endsWith("\\") === true && last.output.length === 0) last.command += `\n${row}`;
    else if (last === undefined) throw new Error(`The session in line ${line} begins with output.`);
    else last.output.push(row);
  }
  return steps.map(({ command, output }) => ({ command, output: output.join("\n") }));
}

/** The text that `pattern` stands for, `…` being anything. Space at the ends of lines and of the text does not count. */
export function matches(pattern: string, text: string): boolean {
  const source = tidy(pattern)
    .split("\n")
    .map((line) => (line.trim() === "…" ? "(?:.*\n)*?" : `${line.split("…").map(escape).join(".*?")}\n`))
    .join("");
  return new RegExp(`^${source}$`, "u").test(`${tidy(text)}\n`);
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
}

function tidy(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .trim();
}
