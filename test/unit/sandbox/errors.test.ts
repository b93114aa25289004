/* oxlint-disable typescript/no-explicit-any -- what comes out of a room is JSON of any shape, judged by the test */
import { describe, expect, it } from "vitest";
import { createRoom } from "../../support/room.ts";

async function thrown(body: string): Promise<any> {
  await using room = await createRoom();
  await room.evaluate({ "entry.js": `import { workflow, UserError } from "bifrost"; export default workflow(async () => {\n${body}\n});` }, "entry.js");
  const { outcome, value } = await room.invoke();
  expect(outcome).toBe("E");
  return value;
}

describe("what a workflow throws", () => {
  it("B15: name, message, stack and the chain of causes arrive", async () => {
    const error = await thrown(
      `class HttpError extends Error { name = "HttpError"; } throw new HttpError("outer", { cause: new TypeError("inner", { cause: "text" }) });`,
    );
    expect(error).toMatchObject({
      name: "HttpError",
      message: "outer",
      cause: { name: "TypeError", message: "inner", cause: { name: "Error", message: "text", stack: "" } },
    });
    expect(error.stack).toMatch(/^HttpError: outer\n {4}at entry\.js:2:\d+/);
  });

  it("B91: UserError and its subclasses are marked for the caller, look-alikes are not", async () => {
    expect(await thrown(`throw new UserError("told", { cause: new Error("why") });`)).toMatchObject({
      name: "UserError",
      message: "told",
      userFacing: true,
      cause: { message: "why" },
    });
    expect(await thrown(`class Refused extends UserError {} throw new Refused("no");`)).toMatchObject({ name: "UserError", message: "no", userFacing: true });
    expect(await thrown(`const e = new Error("fake"); e.name = "UserError"; e.userFacing = true; throw e;`)).not.toHaveProperty("userFacing");
    expect(await thrown(`throw Object.setPrototypeOf(new Error("fake"), UserError.prototype);`)).not.toHaveProperty("userFacing");
  });

  it("B15: an async stack keeps the frames before the await", async () => {
    const error = await thrown(`async function inner() { await null; throw new Error("deep"); }\nasync function outer() { await inner(); }\nawait outer();`);
    expect(error.stack).toMatch(/at inner \(entry\.js:2:\d+\)\n {4}at async outer \(entry\.js:3:\d+\)/);
  });

  it.each([
    ['"text"', "text"],
    ["undefined", "undefined"],
    ["null", "null"],
    ["42", "42"],
    ["{ code: 1, nested: { deep: true } }", "{ code: 1, nested: { deep: true } }"],
    ["Symbol('s')", "Symbol(s)"],
  ])("throw %s is described as Node's console would", async (value, message) => {
    expect(await thrown(`throw ${value};`)).toEqual({ name: "Error", message, stack: "" });
  });

  it("an AggregateError tells each of its errors", async () => {
    const error = await thrown(`await Promise.any([Promise.reject(new TypeError("a")), Promise.reject("b")]);`);
    expect(error.message).toBe("All promises were rejected\n  [0] TypeError: a\n  [1] b");
    expect(error.cause).toMatchObject({ name: "TypeError", message: "a" });
  });

  it("rings of causes end, hostile getters and proxies are survived", async () => {
    const ring = await thrown(`const a = new Error("a"); const b = new Error("b", { cause: a }); a.cause = b; throw a;`);
    let depth = 0;
    for (let error = ring; error !== undefined; error = error.cause) depth++;
    expect(depth).toBe(9);
    const getters = await thrown(
      `const e = new Error("x"); for (const key of ["name", "message", "stack", "cause"]) Object.defineProperty(e, key, { get() { throw new Error("trap"); } }); throw e;`,
    );
    expect(getters).toMatchObject({ name: "Error", message: "", stack: "" });
    const proxy = await thrown(
      `throw new Proxy({}, { get() { throw new Error("trap"); }, getPrototypeOf() { throw new Error("trap"); }, ownKeys() { throw new Error("trap"); } });`,
    );
    expect(proxy.name).toBe("Error");
    const odd = await thrown(`const e = new Error("x"); e.message = { toString() { throw 1; } }; e.name = 5; throw e;`);
    expect(odd).toMatchObject({ name: "Error", message: "" });
  });

  it("a message beyond a million characters is cut", async () => {
    expect((await thrown(`throw new Error("x".repeat(3_000_000));`)).message.length).toBe(1_000_001);
  });
});

describe("what a module throws while it is evaluated", () => {
  async function evaluating(source: string): Promise<{ copy: Error; taken: any }> {
    await using room = await createRoom();
    const copy = await room.evaluate({ "entry.js": source }, "entry.js").then(
      () => expect.fail("evaluation did not fail"),
      (error: unknown) => error as Error,
    );
    return { copy, taken: await room.takeThrown(copy) };
  }

  it("B15: keeps its class, cause and stack, though isolated-vm hands over a copy", async () => {
    const { taken } = await evaluating(
      `import { UserError } from "bifrost"; class Setup extends UserError { name = "Setup"; }\nfunction prepare() { throw new Setup("no key", { cause: new RangeError("why") }); }\nprepare();`,
    );
    expect(taken.thrown).toBe(0);
    expect(taken.error).toMatchObject({ name: "Setup", message: "no key", userFacing: true, cause: { name: "RangeError", message: "why" } });
    expect(taken.error.stack).toMatch(/at prepare \(entry\.js:2:\d+\)\n {4}at entry\.js:3:1$/);
  });

  it("B12: so does what is thrown after a top-level await", async () => {
    const { taken } = await evaluating(`await null; throw new TypeError("late", { cause: 1 });`);
    expect(taken.error).toMatchObject({ name: "TypeError", message: "late", cause: { message: "1" } });
  });

  it("B15: also where the author formats stacks", async () => {
    const { taken } = await evaluating(
      `Error.prepareStackTrace = (error, sites) => "mine " + sites.length; throw new TypeError("x", { cause: new Error("c") });`,
    );
    expect(taken.error).toMatchObject({ name: "TypeError", stack: "mine 1", cause: { message: "c" } });
    const listed = await evaluating(`Error.prepareStackTrace = (error, sites) => sites; throw new TypeError("y");`);
    expect(listed.taken.error).toMatchObject({ name: "TypeError", message: "y", stack: "" });
  });

  it("an error that nobody formatted is not found", async () => {
    await using room = await createRoom();
    expect(await room.takeThrown({ message: "never", stack: "Error: never" })).toEqual({ thrown: -1, error: null, unsettled: [] });
  });
});

describe("Error.prepareStackTrace", () => {
  it("gives V8's own text by default, whatever the error looks like", async () => {
    const body = `
      const shapes = [new Error("m"), new TypeError(""), Object.assign(new Error("a"), { name: "N" }), Object.assign(new Error("a"), { message: "changed" }), Object.assign(new Error("a"), { name: "" }), new AggregateError([1], "g")];
      const captured = {}; Error.captureStackTrace(captured); const named = { name: "Mine", message: "msg" }; Error.captureStackTrace(named);
      const hostile = new Error("h"); Object.defineProperty(hostile, "name", { get() { throw new TypeError("trap"); } });
      return [...shapes, captured, named, hostile].map((error) => error.stack.split("\\n")[0]);`;
    await using room = await createRoom();
    const expected = ["Error: m", "TypeError", "N: a", "Error: changed", "a", "AggregateError: g", "Error", "Mine: msg", "<error: TypeError: trap>"];
    expect(await room.run(body)).toEqual(expected);
  });

  it("shows no frame of the room, in a stack or in what the host gets", async () => {
    const error = await thrown(
      `const [stack] = [1].map(() => new Error("x").stack); if (stack.includes("bifrost:")) throw new Error("shown"); new URL({ toString() { throw new Error("from " + setTimeout.name); } });`,
    );
    expect(error.message).toBe("from setTimeout");
    expect(error.stack).toMatch(/^Error: from setTimeout\n {4}at [^\n]*entry\.js/);
    expect(error.stack).not.toContain("bifrost:");
  });

  it("gives an author's hook no frame of the room, and no function or this of anyone", async () => {
    await using room = await createRoom();
    const frames = await room.run(`
      const before = Error.prepareStackTrace; Error.prepareStackTrace = (error, sites) => sites;
      const lists = [[1].map(() => new Error().stack)[0], await new Promise((done) => setTimeout(() => done(new Error().stack), 1))];
      let inTrap; try { new URL({ toString() { inTrap = new Error().stack; return "x:"; } }); } catch {} lists.push(inTrap);
      Error.prepareStackTrace = before;
      return lists.flatMap((sites) => sites.map((site) => [String(site.getFileName()), site.getFunction?.() === undefined, site.getThis?.() === undefined]));`);
    expect(frames.length).toBeGreaterThan(2);
    expect(frames.filter(([file]: [string]) => file.startsWith("bifrost:"))).toEqual([]);
    expect(frames.filter(([file, hidesFunction, hidesThis]: [string, boolean, boolean]) => file === "entry.js" && !(hidesFunction && hidesThis))).toEqual([]);
  });

  it("can be set, read back, put back and cleared", async () => {
    await using room = await createRoom();
    expect(
      await room.run(`
      const original = Error.prepareStackTrace; const mine = () => "mine"; Error.prepareStackTrace = mine; const read = typeof Error.prepareStackTrace === "function" && Error.prepareStackTrace !== original; const kept = Error.prepareStackTrace; Error.prepareStackTrace = () => "other"; Error.prepareStackTrace = kept; const used = new Error("x").stack;
      Error.prepareStackTrace = original; const back = new Error("x").stack.startsWith("Error: x\\n"); Error.prepareStackTrace = undefined;
      let locked; try { Object.defineProperty(Error, "prepareStackTrace", { value: 1 }); locked = false; } catch { locked = true; }
      return [typeof original, read, used, back, new Error("y").stack.startsWith("Error: y\\n"), locked, Error.stackTraceLimit];`),
    ).toEqual(["function", true, "mine", true, true, true, 30]);
  });
});
