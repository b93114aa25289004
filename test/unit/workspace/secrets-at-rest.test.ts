// What is stored of a secret, and what becomes of it when somebody changes it, moves it or loses the key.
import { inspect } from "node:util";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { CompactEncrypt } from "jose";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../../src/config.ts";
import { SecretKeys } from "../../../src/workspace/secret-keys.ts";
import { openSecret, sealingKeyOf, sealSecret } from "../../../src/workspace/secret-sealing.ts";

const text = (): string => randomBytes(32).toString("base64");
const [one, other] = [text(), text()];
const keys = new SecretKeys(one);
const place = { workspace: "018f0000-0000-7000-8000-000000000001", key: "TOKEN" };
const SECRET = "sk_live_51HxQ2 – naïve \u{1f511} \u0000 end";

describe("the key", () => {
  it.each([one, one.replaceAll("+", "-").replaceAll("/", "_"), one.replace("=", ""), `${one},${other}`, ` ${one} , ${other} `])(
    "is taken in base64 and base64url, one or several",
    (given) => {
      expect(new SecretKeys(given).current.id).toBe(keys.current.id);
    },
  );

  it.each([
    ["abc", "is 2 bytes long"],
    [randomBytes(32).toString("hex"), "is 48 bytes long"],
    [randomBytes(16).toString("base64"), "is 16 bytes long"],
    ["not base64 at all!", "is no base64"],
    [`${one},`, "holds 2 keys, of which number 2 is empty"],
    [`${one},${one.slice(0, 20)}`, "holds 2 keys, of which number 2 is 15 bytes long"],
  ])("a wrong one is refused when the configuration is read, naming the variable and never the value", (given, what) => {
    let thrown: unknown;
    try {
      readConfig({ BIFROST_SECRETS_KEY: given });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "ERR_CONFIG_INVALID", message: expect.stringContaining(what) as string, details: { setting: "BIFROST_SECRETS_KEY" } });
    expect((thrown as Error).message).toContain("BIFROST_SECRETS_KEY");
    const told = inspect(thrown, { depth: 9 }).replace(inspect((thrown as Error).stack), "");
    for (const part of given.split(",").filter((each) => each.length > 3)) expect(told).not.toContain(part);
  });

  it("is shown by nothing that prints the configuration", () => {
    const config = readConfig({ BIFROST_SECRETS_KEY: `${one},${other}` });
    for (const shown of [inspect(config, { depth: 9, showHidden: true }), JSON.stringify(config)]) {
      for (const key of [one, other]) {
        expect(shown).not.toContain(key);
        expect(shown).not.toContain(Buffer.from(key, "base64").toString("hex"));
        expect(shown).not.toContain([...Buffer.from(key, "base64")].slice(0, 4).join(","));
      }
    }
  });
});

describe("a secret at rest", () => {
  it("comes back as it was, and is stored another way each time", async () => {
    const sealed = await sealSecret(SECRET, place, keys);
    expect(sealed).not.toContain("sk_live");
    expect(await sealSecret(SECRET, place, keys)).not.toBe(sealed);
    expect(await openSecret(sealed, place, keys)).toBe(SECRET);
    expect(JSON.parse(Buffer.from(sealed.split(".")[0] ?? "", "base64url").toString())).toEqual({
      alg: "dir",
      enc: "A256GCM",
      typ: "bifrost-secret",
      kid: keys.current.id,
      ...place,
    });
  });

  it("the first key encrypts, and all decrypt; without the one it names, it is told which that is", async () => {
    const sealed = await sealSecret(SECRET, place, keys);
    const both = new SecretKeys(`${other},${one}`);
    expect(await openSecret(sealed, place, both)).toBe(SECRET);
    expect(sealingKeyOf(await sealSecret(SECRET, place, both))).toBe(both.current.id);
    const without = await openSecret(sealed, place, new SecretKeys(other)).catch((error: unknown) => error);
    expect(without).toMatchObject({ code: "ERR_CONFIG_INVALID", details: { setting: "BIFROST_SECRETS_KEY", expected: keys.current.id } });
  });

  it("in a row of another workspace, or of another key, it does not open", async () => {
    const sealed = await sealSecret(SECRET, place, keys);
    for (const elsewhere of [
      { ...place, workspace: "018f0000-0000-7000-8000-000000000002" },
      { ...place, key: "OTHER" },
    ]) {
      const refused = await openSecret(sealed, elsewhere, keys).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: "ERR_CACHE_CORRUPT", message: expect.stringContaining("for another workspace") as string });
    }
    // Nor with a header that says so: it is part of what is encrypted.
    const [header = "", ...rest] = sealed.split(".");
    const changed = Buffer.from(Buffer.from(header, "base64url").toString().replace('"TOKEN"', '"OTHER"')).toString("base64url");
    await expect(openSecret([changed, ...rest].join("."), { ...place, key: "OTHER" }, keys)).rejects.toMatchObject({ code: "ERR_CACHE_CORRUPT" });
  });

  it("what the same key encrypted for something else does not open as a secret", async () => {
    const forged = await new CompactEncrypt(Buffer.from("x"))
      .setProtectedHeader({ alg: "dir", enc: "A256GCM", kid: keys.current.id, ...place })
      .encrypt(keys.current.bytes);
    await expect(openSecret(forged, place, keys)).rejects.toMatchObject({ code: "ERR_CACHE_CORRUPT" });
  });

  it("cut short, changed in any letter, or replaced by anything, it is a fault and never a crash", async () => {
    const sealed = await sealSecret(SECRET, place, keys);
    const broken = fc.oneof(
      fc.nat(sealed.length - 1).map((length) => sealed.slice(0, length)),
      fc
        .tuple(fc.nat(sealed.length - 3), fc.constantFrom("A", "z", ".", "=", " ", "\u0000", "é"))
        .map(([at, letter]) => sealed.slice(0, at) + letter + sealed.slice(at + 1)),
      fc.string(),
      fc.json().map((json) => `${Buffer.from(json).toString("base64url")}.a.b.c.d`),
      fc.constantFrom("....", "null", "bnVsbA.a.b.c.d", `${sealed}.x`, "x".repeat(2_000_000)),
    );
    await fc.assert(
      fc.asyncProperty(broken, async (given) => {
        fc.pre(given !== sealed);
        const outcome = await openSecret(given, place, keys).catch((error: unknown) => error);
        expect(outcome).toMatchObject({ name: "Fault", code: expect.stringMatching(/^ERR_(CACHE_CORRUPT|CONFIG_INVALID)$/) as string });
        expect(String(outcome)).not.toContain("sk_live");
      }),
      { numRuns: 300 },
    );
  });
});
