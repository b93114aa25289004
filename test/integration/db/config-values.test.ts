// What workspaces are configured with, over both databases: set, read, granted, taken back, and proof against what somebody
// else does to the rows.
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ConfigValues } from "../../../src/workspace/config-values.ts";
import { rotateSecrets } from "../../../src/workspace/rotate-secrets.ts";
import { SecretKeys } from "../../../src/workspace/secret-keys.ts";
import { BOTH, newKey, openConfigured, type Configured } from "../../support/configured.ts";

const reader = { path: "tickets/close.ts", exportName: "default" };
const SECRET = "sk_live_51HxQ2abcdef";

describe.each(BOTH)("configuration over $name", ({ embedded }) => {
  const key = newKey();
  let world: Configured;
  beforeAll(async () => {
    world = await openConfigured({ embedded, key });
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  const read = (id: string, name: string, who = reader): Promise<unknown> => world.backing.config.get({ workspace: id, key: name, reader: who });
  const failure = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => "nothing was refused",
      (error: unknown) => error,
    );

  it("a plain value is any JSON data, and comes back as it went in", async () => {
    const { config, id } = await world.workspace();
    const odd = { z: 1, a: [null, true, 1.5e300, "\u0000 \ud800 \u{1f600}"], ["__proto__"]: "own", nested: { deep: [[[]]] } };
    for (const value of [odd, "text", "", 0, false, [], {}, 123_456_789_012, `"quoted"`]) {
      const entry = await config.setValue("limits.retry:a/b-c", value);
      expect(entry).toMatchObject({ key: "limits.retry:a/b-c", kind: "value" });
      expect(await read(id, "limits.retry:a/b-c")).toEqual({ kind: "value", value });
    }
    expect(JSON.stringify(await config.find("limits.retry:a/b-c"))).toContain(String.raw`"value":"\"quoted\""`);
    expect(await read(id, "other")).toEqual({ kind: "absent" });
    expect(await read(id, "\u0000")).toEqual({ kind: "absent" });
  });

  it("each change counts a version, and is dated", async () => {
    const { config } = await world.workspace();
    const first = await config.setValue("A", 1);
    const second = await config.setValue("A", 2);
    const third = await config.setSecret("A", { value: SECRET });
    const fourth = await config.grant("A", ["a.ts"]);
    expect([first, second, third, fourth].map(({ version }) => version)).toEqual([1, 2, 3, 4]);
    expect(new Set([first, second, third, fourth].map(({ createdAt }) => createdAt)).size).toBe(1);
    expect(Date.parse(fourth.updatedAt)).toBeGreaterThanOrEqual(Date.parse(first.updatedAt));
  });

  it("a secret is read by those alone that it is granted to, from the grant on and no longer", async () => {
    const { config, id } = await world.workspace();
    expect(await config.setSecret("TOKEN", { value: SECRET })).toMatchObject({ kind: "secret", grantedTo: [] });
    expect(await read(id, "TOKEN")).toEqual({ kind: "denied" });
    expect(await config.grant("TOKEN", ["tickets/", "a.ts"])).toMatchObject({ grantedTo: ["a.ts", "tickets/"] });
    expect(await read(id, "TOKEN")).toEqual({ kind: "secret", value: SECRET, grants: ["a.ts", "tickets/"] });
    expect(await read(id, "TOKEN", { path: "b.ts", exportName: "default" })).toEqual({ kind: "denied" });
    await config.revoke("TOKEN", ["tickets/"]);
    expect(await read(id, "TOKEN")).toEqual({ kind: "denied" });
    expect(await config.setGrants("TOKEN", ["b.ts", "tickets/close.ts", "b.ts"])).toMatchObject({ grantedTo: ["b.ts", "tickets/close.ts"] });
    expect(await read(id, "TOKEN")).toMatchObject({ kind: "secret" });
  });

  it("a new value keeps the grants, unless others are named", async () => {
    const { config, id } = await world.workspace();
    await config.setSecret("TOKEN", { value: SECRET, grantedTo: ["tickets/"] });
    expect(await config.setSecret("TOKEN", { value: "another-value" })).toMatchObject({ grantedTo: ["tickets/"] });
    expect(await read(id, "TOKEN")).toMatchObject({ value: "another-value" });
    expect(await config.setSecret("TOKEN", { value: "another-value", grantedTo: [] })).toMatchObject({ grantedTo: [] });
  });

  it("a secret does not become a plain value by being set as one", async () => {
    const { config, id } = await world.workspace();
    await config.setSecret("TOKEN", { value: SECRET, grantedTo: ["*"] });
    expect(await failure(config.setValue("TOKEN", "plain"))).toMatchObject({ code: "ERR_INPUT_INVALID", details: { path: "TOKEN" } });
    expect(await read(id, "TOKEN")).toMatchObject({ kind: "secret", value: SECRET });
    await config.remove("TOKEN");
    await config.setValue("TOKEN", "plain");
    expect(await read(id, "TOKEN")).toEqual({ kind: "value", value: "plain" });
  });

  it("many that grant at once lose none", async () => {
    const { config } = await world.workspace();
    await config.setSecret("TOKEN", { value: SECRET });
    const paths = Array.from({ length: 12 }, (_, index) => `w${String(index).padStart(2, "0")}.ts`);
    await Promise.all(paths.map((path) => config.grant("TOKEN", [path])));
    expect(await config.find("TOKEN")).toMatchObject({ version: 13, grantedTo: paths });
  });

  it("is listed by key, in its own workspace alone, and no secret is in the list", async () => {
    const [one, other] = [await world.workspace(), await world.workspace()];
    await one.config.setSecret("b", { value: SECRET, grantedTo: ["*"] });
    await one.config.setValue("a", 1);
    await one.config.setValue("Z", 1);
    await other.config.setValue("theirs", 1);
    const list = await one.config.list();
    expect(list.map((entry) => entry.key)).toEqual(["Z", "a", "b"]);
    expect(JSON.stringify([list, await one.config.find("b")])).not.toContain("sk_live");
    expect(await read(other.id, "b")).toEqual({ kind: "absent" });
    expect(await failure(other.config.find("a"))).toMatchObject({ code: "ERR_CONFIG_NOT_FOUND" });
  });

  it.each<[string, (config: ConfigValues) => Promise<unknown>, string]>([
    ["a key that cannot be", (config) => config.setValue("a b", 1), "ERR_INPUT_INVALID"],
    ["null", (config) => config.setValue("A", null), "ERR_INPUT_INVALID"],
    ["nothing", (config) => config.setValue("A", undefined), "ERR_INPUT_INVALID"],
    [
      "a value with a circle",
      (config) =>
        config.setValue(
          "A",
          (() => {
            const ring: unknown[] = [];
            ring.push(ring);
            return ring;
          })(),
        ),
      "ERR_INPUT_INVALID",
    ],
    ["a value that is too long", (config) => config.setValue("A", "x".repeat(70_000)), "ERR_INPUT_INVALID"],
    ["a secret that is no text", (config) => config.setSecret("A", { value: 7 as unknown as string }), "ERR_INPUT_INVALID"],
    ["a secret too short to be scrubbed", (config) => config.setSecret("A", { value: " abc " }), "ERR_INPUT_INVALID"],
    ["a secret that is too long", (config) => config.setSecret("A", { value: "hidden-value".repeat(6000) }), "ERR_INPUT_INVALID"],
    ["a secret that is half a letter", (config) => config.setSecret("A", { value: "hidden-value \ud800" }), "ERR_INPUT_INVALID"],
    ["a grant that can mean nothing", (config) => config.setSecret("A", { value: "hidden-value", grantedTo: ["tickets"] }), "ERR_INPUT_INVALID"],
    ["a grant of what is not there", (config) => config.grant("A", ["*"]), "ERR_CONFIG_NOT_FOUND"],
    ["a grant of a plain value", (config) => config.grant("plain", ["*"]), "ERR_INPUT_INVALID"],
    ["a grant that is not there, taken back", (config) => config.revoke("secret", ["a.ts"]), "ERR_INPUT_INVALID"],
    ["what is not there, removed", (config) => config.remove("A"), "ERR_CONFIG_NOT_FOUND"],
  ])("%s is refused, and nothing is changed nor shown", async (_what, act, code) => {
    const { config } = await world.workspace();
    await config.setValue("plain", 1);
    await config.setSecret("secret", { value: SECRET, grantedTo: ["tickets/"] });
    const before = await config.list();
    const refused = await failure(act(config));
    expect(refused).toMatchObject({ code });
    expect(JSON.stringify([String(refused), (refused as { details: unknown }).details])).not.toMatch(/hidden-value|sk_live/);
    expect(await config.list()).toEqual(before);
  });

  it("without the key plain values are there, and for a secret it is told how to make one", async () => {
    const { config, id } = await world.workspace();
    await config.setSecret("TOKEN", { value: SECRET, grantedTo: ["*"] });
    const bare = world.configWith(undefined);
    await bare.of(id).setValue("plain", 1);
    expect(await bare.get({ workspace: id, key: "plain", reader })).toEqual({ kind: "value", value: 1 });
    for (const ask of [() => bare.get({ workspace: id, key: "TOKEN", reader }), () => bare.of(id).setSecret("NEW", { value: SECRET })]) {
      expect(await failure(ask())).toMatchObject({
        code: "ERR_CONFIG_INVALID",
        message: expect.stringMatching(/no BIFROST_SECRETS_KEY.*openssl rand -base64 32/) as string,
      });
    }
    await bare.of(id).revoke("TOKEN", ["*"]);
    await bare.of(id).remove("TOKEN");
  });

  it("nothing of a secret stands in the database but what cannot be read", async () => {
    const { config } = await world.workspace();
    await config.setSecret("TOKEN", { value: SECRET, grantedTo: ["*"] });
    const everything = await world.everything();
    expect(everything).toContain("TOKEN");
    for (const form of [SECRET, btoa(SECRET), Buffer.from(SECRET).toString("hex")]) expect(everything).not.toContain(form);
  });

  it("a row that is swapped with another workspace's, or another key's, does not open", async () => {
    const [one, other] = [await world.workspace(), await world.workspace()];
    await one.config.setSecret("TOKEN", { value: SECRET, grantedTo: ["*"] });
    await one.config.setSecret("SECOND", { value: "second-value", grantedTo: ["*"] });
    await other.config.setSecret("TOKEN", { value: "their-own-value", grantedTo: ["*"] });
    const stored = async (id: string, name: string): Promise<string> => {
      const { rows } = await sql<{ encrypted: string }>`select encrypted from config_values where workspace_id = ${id}::uuid and key = ${name}`.execute(
        world.backing.database.db,
      );
      return rows[0]?.encrypted ?? "";
    };
    const put = (id: string, name: string, encrypted: string): Promise<unknown> =>
      sql`update config_values set encrypted = ${encrypted} where workspace_id = ${id}::uuid and key = ${name}`.execute(world.backing.database.db);
    const [own, second, theirs] = [await stored(one.id, "TOKEN"), await stored(one.id, "SECOND"), await stored(other.id, "TOKEN")];
    for (const [id, name, sealed] of [
      [other.id, "TOKEN", own],
      [one.id, "TOKEN", theirs],
      [one.id, "SECOND", own],
      [one.id, "TOKEN", second],
      [one.id, "TOKEN", own.slice(0, -20)],
      [one.id, "TOKEN", own.slice(0, 30)],
      [one.id, "TOKEN", ""],
      [one.id, "TOKEN", "no such thing"],
    ] as const) {
      await put(id, name, sealed);
      const refused = await failure(read(id, name));
      expect(refused).toMatchObject({ code: "ERR_CACHE_CORRUPT", message: expect.stringContaining(`secret ${name} cannot be decrypted`) as string });
      expect(String(refused)).not.toMatch(/sk_live|value/);
    }
    await put(one.id, "TOKEN", own);
    expect(await read(one.id, "TOKEN")).toMatchObject({ value: SECRET });
    // A moved row is moved with its keys.
    await sql`delete from config_values where workspace_id = ${other.id}::uuid`.execute(world.backing.database.db);
    await sql`update config_values set workspace_id = ${other.id}::uuid where workspace_id = ${one.id}::uuid and key = 'TOKEN'`.execute(
      world.backing.database.db,
    );
    expect(await failure(read(other.id, "TOKEN"))).toMatchObject({ code: "ERR_CACHE_CORRUPT" });
  });

  it("grants that somebody wrote in another shape grant nothing", async () => {
    const { config, id } = await world.workspace();
    await config.setSecret("TOKEN", { value: SECRET, grantedTo: ["*"] });
    for (const grants of ['"*"', '{"*": "*"}', '[["*"]]', "null", "7"]) {
      await sql`update config_values set granted_to = ${grants} where workspace_id = ${id}::uuid`.execute(world.backing.database.db);
      expect(await read(id, "TOKEN")).toEqual({ kind: "denied" });
    }
  });

  it("rotation encrypts all anew under the first key, tells of what it could not open, and can be repeated", async () => {
    await sql`delete from config_values`.execute(world.backing.database.db);
    const [one, other] = [await world.workspace(), await world.workspace()];
    for (const { config } of [one, other]) {
      await config.setSecret("TOKEN", { value: SECRET, grantedTo: ["tickets/"] });
      await config.setValue("plain", 1);
    }
    await one.config.setSecret("BROKEN", { value: SECRET });
    await sql`update config_values set encrypted = 'damaged' where key = 'BROKEN'`.execute(world.backing.database.db);
    const { db, server: describeServer } = world.backing.database;
    const added = newKey();
    const rotate = (keys: string): ReturnType<typeof rotateSecrets> => rotateSecrets({ db, describeServer, keys: new SecretKeys(keys) });
    const broken = { workspace: one.name, key: "BROKEN", code: "ERR_CACHE_CORRUPT" };
    expect(await rotate(`${added},${key}`)).toMatchObject({ rotated: 2, current: 0, failed: [broken] });
    expect(await rotate(`${added},${key}`)).toMatchObject({ rotated: 0, current: 2, failed: [broken] });
    const asked = { workspace: other.id, key: "TOKEN", reader };
    expect(await world.configWith(added).get(asked)).toEqual({ kind: "secret", value: SECRET, grants: ["tickets/"] });
    expect(await failure(world.configWith(key).get(asked))).toMatchObject({ code: "ERR_CONFIG_INVALID" });
    // The same secret: no new version of it.
    expect(await other.config.find("TOKEN")).toMatchObject({ version: 1 });
    await expect(rotateSecrets({ db, describeServer, keys: undefined })).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" });
  });

  it("what is configured goes with its workspace", async () => {
    const { config, id } = await world.workspace();
    await config.setValue("A", 1);
    await sql`delete from workspaces where id = ${id}::uuid`.execute(world.backing.database.db);
    const { rows } = await sql`select 1 from config_values where workspace_id = ${id}::uuid`.execute(world.backing.database.db);
    expect(rows).toEqual([]);
  });
});
