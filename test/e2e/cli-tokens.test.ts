// `bifrost-executor tokens` through the bin.
import { expect, it } from "vitest";
import { commandLine } from "../support/command-line.ts";
import { freshDatabase } from "../support/servers/fresh.ts";

it("makes a token and prints it alone on standard output, lists it without what it is, and revokes it", async () => {
  await using database = await freshDatabase();
  await using shell = await commandLine({ DATABASE_URL: database.url });
  await shell.run("bifrost-executor", ["init"]);
  const tokens = (...args: readonly string[]) => shell.run("bifrost-executor", ["tokens", ...args]);
  expect(await tokens("list")).toMatchObject({ code: 0, stdout: "" });

  const made = await tokens("create", "nightly build", "--scopes", "read,execute", "--expires", "90d");
  expect(made).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^bfx_[0-9a-f]{12}_[0-9a-f]{64}\n$/),
    stderr: expect.stringMatching(/for execute, read in all workspaces, until 2\d{3}-.*shown this once/),
  });
  const [, id = "", secret = ""] = made.stdout.trim().split("_");
  const listed = await tokens("list");
  expect(listed.stdout.split("\t").slice(0, 4)).toEqual([id, "nightly build", "execute,read", "(all)"]);
  expect(listed.stdout).not.toContain(secret);
  const told = JSON.parse((await tokens("list", "--json")).stdout) as { readonly tokens: readonly object[] };
  expect(told).toMatchObject({ version: 1, tokens: [{ id, name: "nightly build", scopes: ["execute", "read"] }] });

  expect(await tokens("revoke", made.stdout.trim())).toMatchObject({ code: 0, stdout: "" });
  expect((await tokens("list")).stdout).toMatch(/\trevoked\n$/);
});

it("refuses a scope, a time, a workspace and an id that there are not, naming them, and makes nothing", async () => {
  await using database = await freshDatabase();
  await using shell = await commandLine({ DATABASE_URL: database.url });
  await shell.run("bifrost-executor", ["init"]);
  const tokens = (...args: readonly string[]) => shell.run("bifrost-executor", ["tokens", ...args]);
  for (const [args, code, told] of [
    [["create", "x", "--scopes", "all"], 2, /--scopes is "all"; some of execute, read, write, admin/],
    [["create", "x", "--expires", "soon"], 2, /--expires is "soon"/],
    [["create", "x", "--expires", "2020-01-01T00:00:00Z"], 2, /a time to come/],
    [["create", "x", "--workspace", "nowhere"], 3, /no workspace named "nowhere"/],
    [["create"], 2, /NAME/],
    [["revoke", "0123456789ab"], 2, /tokens list/],
  ] as const) {
    expect(await tokens(...args)).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(told) });
  }
  expect(await tokens("list")).toMatchObject({ code: 0, stdout: "" });
});
