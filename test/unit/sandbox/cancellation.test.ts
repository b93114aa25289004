import { describe, expect, it } from "vitest";
import { createRoom, type TestRoom } from "../../support/room.ts";

async function entered(room: TestRoom, body: string): Promise<Promise<{ readonly outcome: string; readonly value: unknown }>[]> {
  await room.evaluate({ "entry.js": `import { workflow } from "bifrost"; export default workflow(async (params, ctx) => {${body}\n});` }, "entry.js");
  // In a list: a promise that an async function gives would be waited for.
  return [room.invoke()];
}

describe("ctx.signal", () => {
  it("B86: aborts with an AbortError when the run is cancelled, once however often that is", async () => {
    await using room = await createRoom();
    const [run] = await entered(
      room,
      `let times = 0; await new Promise((done) => ctx.signal.addEventListener("abort", () => { times++; setTimeout(done, 5); })); const { reason } = ctx.signal;
       return [times, ctx.signal.aborted, ctx.signal === ctx.signal, ctx.signal instanceof AbortSignal, reason instanceof DOMException, reason.name, reason.code, reason.message, ctx.signal.constructor.name, reason.constructor.name];`,
    );
    expect([await room.cancel(), await room.cancel()]).toEqual([true, true]);
    expect(await run).toEqual({
      outcome: "R",
      value: [1, true, true, true, true, "AbortError", 20, "The execution was cancelled", "AbortSignal", "DOMException"],
    });
  });

  it("B86: cancelling says that nobody listens where no author code has read it, and one that is read later is aborted already", async () => {
    await using room = await createRoom();
    const [run] = await entered(
      room,
      `await new Promise((done) => setTimeout(done, 20)); try { ctx.signal.throwIfAborted(); } catch (error) { return error.name; }`,
    );
    expect(await room.cancel()).toBe(false);
    expect(await run).toEqual({ outcome: "R", value: "AbortError" });
  });

  it("is one with the room's own: AbortSignal.any, { signal } of a listener, and events take it", async () => {
    await using room = await createRoom();
    const [run] = await entered(
      room,
      `const seen = []; const any = AbortSignal.any([ctx.signal, new AbortController().signal]); const target = new EventTarget(); target.addEventListener("x", () => seen.push("heard"), { signal: ctx.signal });
       target.dispatchEvent(new Event("x")); ctx.signal.onabort = (event) => seen.push(event.isTrusted, event.target === ctx.signal); await new Promise((done) => any.addEventListener("abort", done)); target.dispatchEvent(new Event("x")); return [seen, any.reason === ctx.signal.reason];`,
    );
    await room.cancel();
    expect(await run).toEqual({ outcome: "R", value: [["heard", true, true], true] });
  });

  it("cannot be aborted, replaced or made by author code, and a context stays frozen", async () => {
    await using room = await createRoom();
    const outcome = await room.run(
      `const tries = [() => { ctx.signal = 1; }, () => { delete ctx.signal; }, () => new AbortSignal(), () => ctx.signal.abort(), () => AbortController.prototype.abort.call(ctx), () => AbortController.prototype.abort.call({ signal: ctx.signal }), () => Object.defineProperty(ctx, "signal", { value: 1 })];
       return [tries.map((attempt) => { try { attempt(); return "done"; } catch (error) { return error.name; } }), ctx.signal.aborted, Object.isFrozen(ctx), Object.keys(ctx).includes("signal")];`,
    );
    expect(outcome).toEqual([Array.from({ length: 7 }, () => "TypeError"), false, true, true]);
  });

  it("B85: what a listener throws surfaces as what a timer throws does, and the others are still told", async () => {
    await using room = await createRoom();
    const [run] = await entered(
      room,
      `ctx.signal.addEventListener("abort", () => { throw new RangeError("listener"); }); ctx.signal.addEventListener("abort", { get handleEvent() { throw new Error("trap"); } }); await new Promise((done) => ctx.signal.addEventListener("abort", done)); return "told";`,
    );
    await expect(room.cancel()).rejects.toThrow("listener");
    expect(await run).toEqual({ outcome: "R", value: "told" });
  });

  it("B84: cancelling works also where author code replaced what it is made of", async () => {
    await using room = await createRoom();
    const [run] = await entered(
      room,
      `let reason; ctx.signal.addEventListener("abort", () => { reason = ctx.signal.reason; });
       const hostile = () => { throw new Error("sabotage"); };
       for (const prototype of [AbortController.prototype, Map.prototype, Promise.prototype]) for (const key of Reflect.ownKeys(prototype)) if (key !== "constructor") Object.defineProperty(prototype, key, { value: hostile, configurable: true });
       globalThis.AbortController = globalThis.AbortSignal = globalThis.DOMException = hostile; await null; await null; ctx.log.info("ready"); for (let i = 0; reason === undefined && i < 1e7; i++) await null; return "over";`,
    );
    await expect.poll(() => room.text()).toBe("ready");
    await room.cancel().catch(() => undefined);
    expect((await run)?.outcome).toBe("R");
  });
});
