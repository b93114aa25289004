import { describe, expect, it } from "vitest";
import { runBoth } from "../../support/node-oracle.ts";
import { createRoom } from "../../support/room.ts";

async function expectSame(body: string): Promise<void> {
  const { room, node } = await runBoth(body);
  expect(room).toEqual(node);
}

describe("the web platform of the room is Node's", () => {
  it("URL parses, resolves, normalises and refuses as in Node", () =>
    expectSame(`
      const inputs = ["https://user:p%40ss@EXAMPLE.com:443/a/../b/./c?x=1&y=ü#frag", "HTTP://münchen.de/ä", "http://日本語。ｊｐ/", "http://xn--mnchen-3ya.de", "http://[::1]:80/", "http://0x7f.1/",
        "http://1.2.3.4.5", "http://a b", "file:///C:/x/../y", "mailto:a@b.c", "data:text/plain,hi", "http://ex%61mple.com", "http://faß.de", "http://a..b", "http://xn--a", "//no", "http://user@/x", "http://a:99999", "blob:https://a.b/c"];
      const bases = [undefined, "https://base.example/dir/file?q#f"];
      return inputs.flatMap((input) => bases.map((base) => {
        try { const u = new URL(input, base); return [u.href, u.origin, u.protocol, u.username, u.password, u.host, u.hostname, u.port, u.pathname, u.search, u.hash, URL.canParse(input, base)]; } catch (error) { return [error.name, URL.canParse(input, base)]; }
      }));`));

  it("URL's setters and URLSearchParams change each other as in Node", () =>
    expectSame(`
      const u = new URL("http://a.b/c?x=1&x=2&y=%20+z");
      u.searchParams.append("n", "ü &="); u.searchParams.delete("x", "1"); u.port = "8080"; u.pathname = "/ä b"; u.hash = "h h"; u.protocol = "https"; u.hostname = "c.d"; u.search = "?q=1&q=2";
      u.searchParams.sort();
      const p = new URLSearchParams({ a: "1", b: "2 3" });
      return [u.href, [...u.searchParams], u.searchParams.getAll("q"), p.toString(), p.size, p.has("a", "2"), [...new URLSearchParams([["k", "v"]]).keys()], JSON.stringify({ u }), String(new URLSearchParams("?a=b%zz&c"))];`));

  it("TextEncoder and TextDecoder give Node's bytes and text, in every encoding, streaming and fatal", () =>
    expectSame(`
      const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xc3, 0xbc, 0xf0, 0x9f, 0x98, 0x80, 0xff, 0xe2, 0x82]);
      const outcome = (make) => { try { return make(); } catch (error) { return error.name; } };
      const stream = new TextDecoder();
      return [
        [...new TextEncoder().encode("ü€😀\\ud800x")], new TextEncoder().encodeInto("aü€", new Uint8Array(4)), new TextEncoder().encoding,
        new TextDecoder().decode(bytes), new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), outcome(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes)),
        stream.decode(bytes.subarray(0, 7), { stream: true }), stream.decode(bytes.subarray(7, 10), { stream: true }), stream.decode(),
        new TextDecoder("shift_jis").decode(new Uint8Array([0x82, 0xa0, 0x83])), new TextDecoder("gbk").decode(new Uint8Array([0xc4, 0xe3])), new TextDecoder("utf-16le").decode(new Uint8Array([0x61, 0, 0x3d, 0xd8])),
        new TextDecoder("utf-16").encoding, new TextDecoder("latin1").encoding, outcome(() => new TextDecoder("nope")), new TextDecoder().decode(new DataView(bytes.buffer, 3, 1)), new TextDecoder().decode(),
      ];`));

  it("atob and btoa agree with Node, also on what they refuse", () =>
    expectSame(`
      const outcome = (make) => { try { return make(); } catch (error) { return [error.name, error.code]; } };
      return ["", "a", "ab", "abc", "\\u00ff\\u0000", "ü", "€", undefined, null, 12].map((x) => outcome(() => btoa(x))).concat(
        ["", "YQ==", "YQ", " Y Q = = ", "YWI=", "YWJj", "Y", "Y===", "YQ=", "=", "Y-Q_", "YWJj=", undefined, null].map((x) => outcome(() => atob(x))), [outcome(() => atob()), outcome(() => btoa())].map((x) => x[0]));`));

  it("structuredClone copies what Node copies, keeps cycles and shared parts, and refuses what Node refuses", () =>
    expectSame(`
      const shared = { n: 1n === 1n };
      class Point { constructor() { this.x = 1; } get y() { return 2; } }
      const source = { d: new Date(5), m: new Map([[shared, "v"]]), s: new Set([1, shared]), r: /x/gi, b: new Uint8Array([1, 2, 3]).subarray(1), dv: new DataView(new ArrayBuffer(3), 1), sparse: [1, , 3], p: new Point(),
        e: new RangeError("t", { cause: { a: 1 } }), own: Object.assign(new Error("m"), { name: "Custom", extra: 1 }), boxed: [Object(1), Object("s"), Object(true), Object(2n)], nul: null, und: undefined, neg: -0, big: 5n, [Symbol("k")]: 1 };
      source.self = source; source.view2 = new Uint16Array(source.b.buffer.slice(0, 2)); 
      const c = structuredClone(source);
      const names = [() => {}, Symbol("x"), new WeakMap(), Promise.resolve(), new Proxy(() => {}, {}), { deep: [() => {}] }].map((value) => { try { return structuredClone(value) && "cloned"; } catch (error) { return [error.name, error.code, error instanceof DOMException]; } });
      const buffer = new ArrayBuffer(8); const moved = structuredClone({ buffer }, { transfer: [buffer] });
      return [c.self === c, [...c.m.keys()][0] === [...c.s][1], c.d.getTime(), [...c.b], c.b.buffer.byteLength, c.dv.byteOffset, c.dv.byteLength, 1 in c.sparse, c.sparse.length, c.p.x, c.p instanceof Point, "y" in c.p,
        c.e instanceof RangeError, c.e.message, c.e.stack === source.e.stack, c.own.name, "extra" in c.own, c.boxed.map((x) => [typeof x, String(x)]), Object.keys(c), Object.is(c.neg, -0), String(c.big), Object.getOwnPropertySymbols(c).length,
        c.r.source + c.r.flags, names, buffer.byteLength, moved.buffer.byteLength, structuredClone(7), Object.keys(structuredClone(Object.create({ inherited: 1 }, { own: { value: 1, enumerable: true } })))];`));

  it("EventTarget, Event and AbortSignal behave as in Node", () =>
    expectSame(`
      const seen = []; const target = new EventTarget(); const listener = { handleEvent(event) { seen.push(["object", event.type, this === listener]); } };
      target.addEventListener("a", listener); target.addEventListener("a", listener); target.addEventListener("a", (event) => { seen.push(["once", event.target === target]); event.preventDefault(); }, { once: true });
      const first = target.dispatchEvent(new Event("a", { cancelable: true })); const second = target.dispatchEvent(new Event("a", { cancelable: true }));
      target.removeEventListener("a", listener); target.dispatchEvent(new Event("a"));
      target.addEventListener("b", (event) => { seen.push("b1"); event.stopImmediatePropagation(); }); target.addEventListener("b", () => seen.push("b2")); target.dispatchEvent(new CustomEvent("b", { detail: 5 }));
      const controller = new AbortController(); const { signal } = controller;
      target.addEventListener("c", () => seen.push("c"), { signal });
      signal.addEventListener("abort", (event) => seen.push(["abort", event.isTrusted, event.type])); signal.onabort = () => seen.push("onabort");
      const any = AbortSignal.any([signal, AbortSignal.timeout(60_000)]); any.addEventListener("abort", () => seen.push(["any", any.reason === signal.reason]));
      controller.abort(); controller.abort("again"); target.dispatchEvent(new Event("c"));
      const outcome = (make) => { try { return make(); } catch (error) { return [error.name, error.message]; } };
      return [seen, first, second, signal.aborted, signal.reason.name, signal.reason.message, signal.reason.code, outcome(() => signal.throwIfAborted()), AbortSignal.abort("why").reason, AbortSignal.any([AbortSignal.abort(3)]).reason,
        outcome(() => new AbortSignal())[0], outcome(() => new Event())[0], outcome(() => target.dispatchEvent({}))[0], new CustomEvent("x", { detail: 1 }).detail, new CustomEvent("x").detail, String(new Event("x")), String(signal), String(controller)];`));

  it("AbortSignal.timeout aborts with a TimeoutError", async () => {
    await expectSame(
      `const signal = AbortSignal.timeout(2); await new Promise((done) => signal.addEventListener("abort", done)); return [signal.reason.name, signal.reason.message, signal.reason.code];`,
    );
  });

  it("DOMException carries name, code and constants, and is an Error", () =>
    expectSame(`
      const e = new DOMException("m", "AbortError"); const f = new DOMException("m", { name: "N", cause: 1 });
      return [e.name, e.message, e.code, e instanceof Error, String(e), Object.prototype.toString.call(e), DOMException.ABORT_ERR, e.DATA_CLONE_ERR, f.name, f.cause, f.code, new DOMException().name, new DOMException().message, e.stack.split("\\n")[0], Object.keys(e)];`));

  it("crypto gives digests, random values and UUIDs of Node's shape", async () => {
    await expectSame(`
      const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      const data = new TextEncoder().encode("abc");
      const failing = await crypto.subtle.digest("MD5", data).catch((error) => error.name);
      const outcome = (make) => { try { return make(); } catch (error) { return error.name; } };
      const array = new Uint32Array(4);
      return [hex(await crypto.subtle.digest("SHA-1", data)), hex(await crypto.subtle.digest({ name: "sha-256" }, data.buffer)), hex(await crypto.subtle.digest("SHA-384", new DataView(data.buffer, 1))), hex(await crypto.subtle.digest("SHA-512", data)), failing,
        crypto.getRandomValues(array) === array, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()), new Set(Array.from({ length: 200 }, () => crypto.randomUUID())).size,
        outcome(() => crypto.getRandomValues(new Float64Array(1))), outcome(() => crypto.getRandomValues(new Uint8Array(65537))), crypto.getRandomValues(new Uint8Array(65536)).length];`);
  });

  it("globals have Node's property attributes, whether made at once or at first use", () =>
    expectSame(`
      const names = ["URL", "URLSearchParams", "TextEncoder", "TextDecoder", "AbortController", "AbortSignal", "Event", "EventTarget", "DOMException"];
      for (const name of names) void globalThis[name];
      return names.map((name) => { const { writable, configurable, enumerable } = Object.getOwnPropertyDescriptor(globalThis, name); return [name, writable, configurable, enumerable, globalThis[name].name]; });`));

  it("a global may be replaced before it is ever made", async () => {
    await using room = await createRoom();
    expect(await room.run(`URL = 1; globalThis.atob = 2; return [URL, atob, typeof btoa];`)).toEqual([1, 2, "function"]);
  });
});
