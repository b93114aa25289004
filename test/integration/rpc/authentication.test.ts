// Who may ask what: nothing is open without a token but /health, and a token opens what it is for and no more.
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../../src/config.ts";
import { SCOPES, type Scope } from "../../../src/rpc/contract.ts";
import { requireTokens } from "../../../src/rpc/authentication.ts";
import type { RpcApp } from "../../../src/rpc/rpc-app.ts";
import { createTokens } from "../../../src/rpc/tokens.ts";
import Fastify from "fastify";
import { newTokenSchema, tokenListSchema } from "../../../src/rpc/contract-workspaces.ts";
import { ADMIN, useRpcWorld } from "../../support/rpc-world.ts";

const world = useRpcWorld();

interface Route {
  readonly method: string;
  readonly path: string;
  /** All are needed. */
  readonly scopes: readonly string[];
}

/** As the OpenAPI document tells them, with something in the place of parameters. */
function routes(): readonly Route[] {
  const { paths } = world.server.openapi() as { readonly paths: Record<string, Record<string, { readonly description: string }>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { description }]) => ({
      method: method.toUpperCase(),
      path: path.replaceAll(/\{[^}]+\}/gu, "x"),
      scopes: description.includes("For everybody")
        ? ["open"]
        : Array.from(/For tokens with .*/u.exec(description)?.[0].matchAll(/`(\w+)`/gu) ?? [], ([, scope = ""]) => scope),
    })),
  );
}

describe("without a good token", () => {
  it("every route but /health answers 401, as does every path that is none, and tells how to send one", async () => {
    const all = routes();
    expect(all.length).toBeGreaterThan(20);
    for (const { method, path } of [
      ...all,
      { method: "GET", path: "/nowhere" },
      { method: "PATCH", path: "/v1/files" },
      { method: "OPTIONS", path: "/v1/executions" },
    ]) {
      for (const token of [null, "wrong", `bfx_${"0".repeat(12)}_${"0".repeat(64)}`]) {
        const { status, headers, text } = await world.ask(method, path, { token });
        if (path === "/health") expect(status).toBe(200);
        else {
          expect([`${method} ${path}`, status]).toEqual([`${method} ${path}`, 401]);
          expect(headers.get("www-authenticate")).toMatch(/^Bearer/);
          if (method !== "HEAD") expect(JSON.parse(text).code).toBe("ERR_UNAUTHENTICATED");
        }
      }
    }
  });

  it("no body is read: a large one, and one that is no JSON, are answered with 401 as well", async () => {
    for (const body of ["{", "x".repeat(1024 * 1024)]) {
      expect((await world.ask("PUT", "/v1/files", { token: null, body })).status).toBe(401);
    }
  });

  it("other schemes, an empty token, and a good token with a letter changed or added are refused", async () => {
    const good = await world.token(["read"]);
    const headers = [
      "",
      "Bearer",
      "Bearer ",
      `Basic ${btoa(`x:${ADMIN}`)}`,
      ADMIN,
      `Bearer ${good}x`,
      `Bearer ${good.slice(0, -1)}`,
      `Bearer ${good.slice(0, -1)}g`,
      `Bearer ${ADMIN} x`,
    ];
    for (const authorization of headers) {
      expect([authorization, (await world.ask("GET", "/v1/files", { token: null, headers: { authorization } })).status]).toEqual([authorization, 401]);
    }
    for (const authorization of [`Bearer ${good}`, `bearer ${ADMIN}`]) {
      expect((await world.ask("GET", "/v1/files", { token: null, headers: { authorization } })).status).toBe(200);
    }
  });
});

describe("scopes", () => {
  it("a token opens the routes of its scopes and no others; admin opens all", async () => {
    const tokens = new Map<Scope, string>();
    for (const scope of SCOPES) tokens.set(scope, await world.token([scope]));
    expect(routes().filter(({ scopes }) => scopes.length > 1)).toEqual([{ method: "PUT", path: "/v1/schedules/x", scopes: ["write", "execute"] }]);
    for (const { method, path, scopes } of routes()) {
      for (const [has, token] of tokens) {
        const { status, body } = await world.ask(method, path, { token });
        const missing = has === "admin" || scopes[0] === "open" ? undefined : scopes.find((scope) => scope !== has);
        expect([`${has}: ${method} ${path}`, status === 403]).toEqual([`${has}: ${method} ${path}`, missing !== undefined]);
        if (missing !== undefined) expect(body).toMatchObject({ code: "ERR_FORBIDDEN", details: { scope: missing, has: [has] } });
      }
    }
  });

  it("a schedule executes what it names: who may only write makes none, who may both does", async () => {
    const workspace = await world.workspace({ "one.ts": `import { workflow } from "bifrost";\nexport default workflow(async () => 1);\n` });
    const put = async (scopes: readonly Scope[]) =>
      await world.ask("PUT", "/v1/schedules/nightly", { workspace, token: await world.token(scopes), body: { workflow: "one.ts", cron: "@yearly" } });
    for (const [has, wanted] of [
      ["write", "execute"],
      ["execute", "write"],
    ] as const) {
      const refused = await put([has]);
      expect([refused.status, refused.body.details]).toEqual([403, { scope: wanted, has: [has] }]);
    }
    expect((await put(["write", "execute"])).status).toBe(200);
  });

  it("a route that declares no scope is refused when it is added", () => {
    const app = Fastify() as unknown as RpcApp;
    requireTokens(app, world);
    expect(() => app.get("/forgotten", async () => "open")).toThrow(/GET \/forgotten declares no scope/);
  });
});

describe("a token of one workspace", () => {
  it("is in that workspace without saying so, and can name no other", async () => {
    const own = await world.workspace({ "own.txt": "1" });
    const other = await world.workspace({ "other.txt": "2" });
    const token = await world.token(["admin"], own);
    const files = await world.ask("GET", "/v1/files", { token });
    expect(files.body.files.map(({ path }: { path: string }) => path)).toEqual(["own.txt"]);
    expect((await world.ask("GET", "/v1/files", { token, workspace: own })).status).toBe(200);
    for (const workspace of [other, "default", randomUUID()]) {
      const { status, body } = await world.ask("GET", "/v1/files", { token, workspace });
      expect([status, body.code]).toEqual([403, "ERR_FORBIDDEN"]);
    }
  });

  it("sees nothing of other workspaces and makes no token that opens more, though it is an admin's", async () => {
    const own = await world.workspace({});
    const token = await world.token(["admin"], own);
    for (const [method, path] of [
      ["GET", "/v1/workspaces"],
      ["GET", `/v1/workspaces/${own}`],
      ["PUT", `/v1/workspaces/${own}`],
    ] as const) {
      expect((await world.ask(method, path, { token, body: method === "PUT" ? {} : undefined })).status).toBe(403);
    }
    const made = await world.ask("POST", "/v1/tokens", { token, body: { name: "inner", scopes: ["read"] } });
    expect([made.status, made.body.workspace]).toEqual([201, own]);
    expect((await world.ask("POST", "/v1/tokens", { token, body: { name: "outer", scopes: ["read"], workspace: "default" } })).status).toBe(403);
    const listed = await world.ask("GET", "/v1/tokens", { token });
    expect(new Set(listed.body.tokens.map(({ workspace }: { workspace: string }) => workspace))).toEqual(new Set([own]));
    const foreign = (await world.tokens.list()).find(({ workspace }) => workspace !== own);
    expect((await world.ask("DELETE", `/v1/tokens/${foreign?.id}`, { token })).status).toBe(404);
  });

  it("does not open /metrics, whose labels name all workspaces, whatever its scopes are", async () => {
    const own = await world.workspace({});
    for (const token of [await world.token(["admin"], own), await world.token(["read"], own)]) {
      const { status, body } = await world.ask("GET", "/metrics", { token });
      expect([status, body.code, body.detail]).toEqual([403, "ERR_FORBIDDEN", expect.stringContaining("opens one workspace; this takes one that opens all")]);
    }
    expect((await world.ask("GET", "/metrics", { token: await world.token(["read"]) })).text).toBe("metric 1\n");
    expect((await world.ask("GET", "/metrics", { token: await world.token(["execute", "write"]) })).status).toBe(403);
  });

  it("any name of a workspace can travel in the header, percent-encoded", async () => {
    const name = `ÄÖ 50% / "x" ${randomUUID()}`;
    await world.ask("PUT", `/v1/workspaces/${encodeURIComponent(name)}`, { body: {} });
    await world.ask("PUT", "/v1/files", { workspace: name, body: { files: { "here.txt": "1" } } });
    const token = await world.token(["read"], name);
    for (const options of [{ workspace: name }, { token }]) {
      expect((await world.ask("GET", "/v1/files", options)).body.files).toMatchObject([{ path: "here.txt" }]);
    }
    const { status, body } = await world.ask("GET", "/v1/files", { headers: { "bifrost-workspace": "50%" } });
    expect([status, body.details.path]).toEqual([400, "bifrost-workspace"]);
  });
});

describe("tokens", () => {
  it("are shown once, listed without what they are, and known by hash alone to the database", async () => {
    const made = await world.ask("POST", "/v1/tokens", { body: { name: "ci", scopes: ["read", "execute"], expiresAt: "2099-01-01T00:00:00+01:00" } });
    expect(made.status).toBe(201);
    expect(newTokenSchema.parse(made.body)).toEqual(made.body);
    expect(made.body).toMatchObject({
      name: "ci",
      scopes: ["execute", "read"],
      expiresAt: "2098-12-31T23:00:00.000Z",
      token: expect.stringMatching(/^bfx_[0-9a-f]{12}_[0-9a-f]{64}$/),
    });
    const listed = await world.ask("GET", "/v1/tokens");
    expect(tokenListSchema.parse(listed.body)).toEqual(listed.body);
    expect(listed.body.tokens.find(({ id }: { id: string }) => id === made.body.id)).toMatchObject({ name: "ci" });
    expect(listed.text).not.toContain(made.body.token.slice(17));
    const rows = JSON.stringify(await world.host.backing.database.db.selectFrom("tokens").selectAll().execute());
    expect(rows).toContain(made.body.id);
    expect(rows).not.toContain(made.body.token.slice(17));
  });

  it("revoked, it opens nothing from then on", async () => {
    const { body } = await world.ask("POST", "/v1/tokens", { body: { name: "short", scopes: ["read"] } });
    expect((await world.ask("GET", "/v1/files", { token: body.token })).status).toBe(200);
    expect((await world.ask("DELETE", `/v1/tokens/${body.id}`)).status).toBe(204);
    expect((await world.ask("GET", "/v1/files", { token: body.token })).status).toBe(401);
    expect((await world.ask("DELETE", `/v1/tokens/${body.id}`)).status).toBe(204);
    expect((await world.ask("DELETE", "/v1/tokens/nobody")).status).toBe(404);
    expect((await world.tokens.list()).find(({ id }) => id === body.id)).toMatchObject({ revokedAt: expect.any(String), lastUsedAt: expect.any(String) });
  });

  it("revoked elsewhere, it opens nothing from the next second on", async () => {
    const { db, server: describeServer } = world.host.backing.database;
    await using elsewhere = createTokens({ db, describeServer });
    const { id, token } = await world.tokens.create({ name: "far", scopes: ["read"] });
    expect((await world.ask("GET", "/v1/files", { token })).status).toBe(200);
    await elsewhere.revoke(id);
    while ((await world.ask("GET", "/v1/files", { token })).status === 200);
  });

  it("expired, it opens nothing, and none is made that has expired already", async () => {
    const { token } = await world.tokens.create({ name: "brief", scopes: ["read"], expiresAt: new Date(Date.now() + 1500).toISOString() });
    expect((await world.ask("GET", "/v1/files", { token })).status).toBe(200);
    while ((await world.ask("GET", "/v1/files", { token })).status === 200);
    const past = await world.ask("POST", "/v1/tokens", { body: { name: "past", scopes: ["read"], expiresAt: "2020-01-01T00:00:00Z" } });
    expect([past.status, past.body.details.path]).toEqual([400, "expiresAt"]);
  });

  it("BIFROST_TOKEN opens everything while it is set, stands in no database, and is refused where it is short", async () => {
    const { db, server: describeServer } = world.host.backing.database;
    expect(JSON.stringify(await world.tokens.list())).not.toContain("BIFROST_TOKEN");
    await using without = createTokens({ db, describeServer });
    expect(await without.authenticate(ADMIN)).toBeUndefined();
    // As the configuration refuses it.
    const short = "x".repeat(23);
    expect(() => createTokens({ db, describeServer, firstToken: short })).toThrow(/BIFROST_TOKEN has 23 characters; at least 24/);
    expect(() => readConfig({ BIFROST_TOKEN: short })).toThrow(/24 to 200/);
    await using enough = createTokens({ db, describeServer, firstToken: `${short}x` });
    expect(await enough.authenticate(readConfig({ BIFROST_TOKEN: `${short}x` }).token ?? "")).toMatchObject({ isAdmin: true });
  });

  it("what executions say of who asked is the token's name", async () => {
    const workspace = await world.workspace({ "one.ts": `import { workflow } from "bifrost";\nexport default workflow(async () => 1);\n` });
    const token = await world.token(["execute"]);
    const { body } = await world.ask("POST", "/v1/executions", { token, workspace, body: { workflow: "one.ts" } });
    expect((await world.ask("GET", `/v1/executions/${body.id}`, { workspace })).body.askedBy).toBe("token for execute");
  });
});
