// Reading a request's body: JSON in UTF-8 and nothing else. Members that the route wants as text stay text.
import { isUtf8 } from "node:buffer";
import type { FastifyRequest } from "fastify";
import { Fault } from "../errors.ts";
import { JsonText, membersOf } from "./json-text.ts";
import type { RpcApp } from "./rpc-app.ts";

export function readJsonBodies(app: RpcApp): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, async (request: FastifyRequest, body: string | Buffer) => {
    const { rawMembers = [] } = request.routeOptions.config;
    const charset = /;\s*charset\s*=\s*"?([^";\s]*)/iu.exec(request.headers["content-type"] ?? "")?.[1];
    if (charset !== undefined && !/^utf-?8$/iu.test(charset)) throw malformed(`its character set is ${JSON.stringify(charset.slice(0, 40))}`, "UTF-8");
    return parseBody(Buffer.isBuffer(body) ? body : Buffer.from(body), rawMembers);
  });
}

/** Throws ERR_INPUT_INVALID. Undefined for no bytes at all. */
export function parseBody(bytes: Uint8Array, rawMembers: readonly string[] = []): unknown {
  if (bytes.byteLength === 0) return undefined;
  if (!isUtf8(bytes)) throw malformed("it is not UTF-8", "JSON in UTF-8");
  const text = new TextDecoder().decode(bytes);
  const value = parse(text);
  if (typeof value !== "object" || value === null) return value;
  return Array.isArray(value) || rawMembers.length === 0
    ? withoutPrototype(value, text)
    : withRawMembers(value as Record<string, unknown>, { text, rawMembers });
}

function withRawMembers(value: Record<string, unknown>, { text, rawMembers }: { readonly text: string; readonly rawMembers: readonly string[] }): unknown {
  const seen = new Set<string>();
  let others = "";
  for (const { name, text: raw } of membersOf(text)) {
    // Which of the two is meant, nobody can know.
    if (seen.has(name)) throw malformed(`it has two members named ${JSON.stringify(name.slice(0, 100))}`, "one of each");
    seen.add(name);
    if (rawMembers.includes(name)) value[name] = new JsonText(raw);
    else others += `${JSON.stringify(name)}:${raw}\n`;
  }
  return withoutPrototype(value, others);
}

/** Assigned from one object to another, a member of this name is none: it would be lost, or worse. */
function withoutPrototype(value: object, text: string): object {
  if (/__proto__|\\u005f/iu.test(text) && holdsPrototype(value)) throw malformed('it has a member named "__proto__"', "another name");
  return value;
}

function holdsPrototype(root: object): boolean {
  const waiting: object[] = [root];
  for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
    if (Object.hasOwn(each, "__proto__")) return true;
    if (each instanceof JsonText) continue;
    for (const inner of Object.values(each) as unknown[]) if (typeof inner === "object" && inner !== null) waiting.push(inner);
  }
  return false;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8 quotes what it has read, and that may be a secret: only the place is told.
    const place = /at position (\d+)/u.exec(error instanceof Error ? error.message : "")?.[1];
    throw malformed(`it is not JSON${place === undefined ? "" : `, from character ${place} on`}`, "JSON");
  }
}

function malformed(problem: string, expected: string): Fault {
  return new Fault("ERR_INPUT_INVALID", `The body cannot be read: ${problem}.`, { details: { path: "body", expected, received: problem } });
}
