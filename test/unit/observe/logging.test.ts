// Log lines as they leave.
import { describe, expect, it } from "vitest";
import { passwordOf } from "../../../src/observe/log-lines.ts";
import { createLog, type LoggingOptions } from "../../../src/observe/logging.ts";

function logTo(options: Partial<LoggingOptions> = {}) {
  const lines: string[] = [];
  return { lines, log: createLog({ level: "info", readable: false, write: (text) => void lines.push(text), ...options }) };
}

describe("the log", () => {
  it("is one JSON object a line, with what it is about", () => {
    const { lines, log } = logTo({ facts: { host: "executor-1" } });
    log.info("execution ended", { executionId: "e1", workspace: "w", requestId: "r1" });
    log.warn("two\nlines");
    expect(lines.every((line) => line.endsWith("\n") && line.indexOf("\n") === line.length - 1)).toBe(true);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/u) as string,
      host: "executor-1",
      executionId: "e1",
      workspace: "w",
      requestId: "r1",
      msg: "execution ended",
    });
  });

  it("leaves out what is below its level", () => {
    const { lines, log } = logTo({ level: "warn" });
    log.info("not this");
    log.error("but this");
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(["but this"]);
    expect([log.writes("info"), log.writes("error")]).toEqual([false, true]);
    const silent = logTo({ level: "silent" });
    silent.log.error("nothing");
    expect(silent.lines).toEqual([]);
  });

  it("holds no secret: not one that is known, no bearer, no password of a URL, no value named so", () => {
    const token = 'se"cret/tok en';
    const { lines, log } = logTo({ secrets: [token, undefined, ...passwordOf("redis://user:p%40ssw0rd@host")] });
    log.info(`a caller showed ${token} and ${encodeURIComponent(token)}`, { seen: token });
    log.info("Authorization: Bearer abcdefghijk.lmnop", { url: "postgres://bifrost:hunter2x@db:5432/bifrost" });
    log.info("p@ssw0rd p%40ssw0rd", { token: "hunter2x", request: { authorization: "hunter2x", password: "hunter2x" } });
    log.info("made bfx_0a1b_feedfacefeedface, said authorization: bearer feedfacefeedface");
    expect(lines.join("")).not.toMatch(/hunter2x|feedface|se\\?"cret|se%22cret|ssw0rd|abcdefghijk/u);
    expect(lines.join("")).toContain("postgres://bifrost:[secret]@db:5432/bifrost");
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });

  it("is text on a terminal", () => {
    const { lines, log } = logTo({ readable: true });
    log.warn("Redis is away", { executionId: "e1", tries: 3 });
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} warn {2}Redis is away {2}executionId=e1 {2}tries=3\n$/u);
  });
});
