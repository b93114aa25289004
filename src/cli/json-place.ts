// Where a text stops being JSON. JSON.parse says so only in some of its messages; this is asked after it has failed.

export interface JsonProblem {
  /** 1-based; columns count UTF-16 units. */
  readonly line: number;
  readonly column: number;
  /** What stands there: a quoted character, or "the end of the text". */
  readonly found: string;
  readonly expected: string;
}

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y; // oxlint-disable-line no-control-regex -- JSON forbids them in strings
/** The part of a string that is right: where it ends, the problem begins. */
const STRING_BEGINNING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y; // oxlint-disable-line no-control-regex -- see above
const SCALAR = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;

/** The first place that no JSON could have; undefined when the text is JSON. */
export function findJsonProblem(text: string): JsonProblem | undefined {
  const open: ("}" | "]")[] = [];
  let at = 0;
  let wanted: "value" | "first value" | "key" | "first key" | "next" = "value";

  for (;;) {
    at = after(SPACE);
    if (wanted === "next") {
      const closing = open.at(-1);
      if (closing === undefined) return at === text.length ? undefined : problem("nothing more");
      if (text[at] === closing) open.pop();
      else if (text[at] === ",") wanted = closing === "}" ? "key" : "value";
      else return problem(`',' or '${closing}'`);
      at += 1;
    } else if (wanted === "first key" && text[at] === "}") {
      open.pop();
      at += 1;
      wanted = "next";
    } else if (wanted === "first value" && text[at] === "]") {
      open.pop();
      at += 1;
      wanted = "next";
    } else if (wanted === "key" || wanted === "first key") {
      if (text[at] !== '"') return problem(wanted === "key" ? "a key in double quotes" : "a key in double quotes, or '}'");
      const end = after(STRING);
      if (end === at) return brokenString();
      at = end;
      at = after(SPACE);
      if (text[at] !== ":") return problem("':'");
      at += 1;
      wanted = "value";
    } else if (text[at] === "{" || text[at] === "[") {
      open.push(text[at] === "{" ? "}" : "]");
      wanted = text[at] === "{" ? "first key" : "first value";
      at += 1;
    } else {
      const end = after(text[at] === '"' ? STRING : SCALAR);
      if (end === at) return text[at] === '"' ? brokenString() : problem(wanted === "value" ? "a value" : "a value, or ']'");
      at = end;
      wanted = "next";
    }
  }

  function after(pattern: RegExp): number {
    pattern.lastIndex = at;
    return pattern.test(text) ? pattern.lastIndex : at;
  }

  function brokenString(): JsonProblem {
    at = after(STRING_BEGINNING);
    return problem(text[at] === "\\" ? 'an escape that JSON has, such as \\n or \\"' : "the string to end with '\"'");
  }

  function problem(expected: string): JsonProblem {
    const before = text.slice(0, at);
    const character = text.codePointAt(at);
    return {
      line: before.split("\n").length,
      column: at - before.lastIndexOf("\n"),
      found:
        character === undefined
          ? "the end of the text"
          : character < 32
            ? "a line break or control character inside the string"
            : `'${String.fromCodePoint(character)}'`,
      expected,
    };
  }
}
