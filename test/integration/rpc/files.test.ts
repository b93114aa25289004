// Files over HTTP, with real servers: B5 and B51 to B56 as a caller sees them.
import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { fileListSchema, fileWithContentSchema, readAnswerSchema, writeResultSchema } from "../../../src/rpc/contract-files.ts";
import { chosenWorkspaceSchema } from "../../../src/rpc/contract-workspaces.ts";
import { hashContent } from "../../../src/modules/content-hash.ts";
import { ADMIN, useRpcWorld } from "../../support/rpc-world.ts";

const world = useRpcWorld();

const workflowOf = (result: unknown): string => `import { workflow } from "bifrost";\nexport default workflow(async () => ${JSON.stringify(result)});\n`;

async function write(workspace: string, files: object, expected?: object) {
  return await world.ask("PUT", "/v1/files", { workspace, body: { files, ...(expected && { expected }) } });
}

async function run(workspace: string, workflow: string) {
  return (await world.ask("POST", "/v1/executions", { workspace, body: { workflow } })).body;
}

describe("PUT /v1/files", () => {
  it("writes and deletes in one version, or nothing at all (B23)", async () => {
    const workspace = await world.workspace({ "a.txt": "1", "b.txt": "1" });
    const done = await write(workspace, { "a.txt": "2", "b.txt": null, "c/d.txt": "3" });
    expect(done.status).toBe(200);
    expect(writeResultSchema.parse(done.body)).toEqual(done.body);
    expect(done.body).toMatchObject({ changed: true, set: { "a.txt": hashContent("2"), "c/d.txt": hashContent("3") }, removed: ["b.txt"] });
    const refused = await write(workspace, { "a.txt": "4", "../b.txt": "4" });
    expect([refused.status, refused.body.code]).toEqual([400, "ERR_PATH_INVALID"]);
    const listed = await world.ask("GET", "/v1/files", { workspace });
    expect(fileListSchema.parse(listed.body)).toEqual(listed.body);
    expect(listed.body.files.map(({ path, hash }: { path: string; hash: string }) => [path, hash])).toEqual([
      ["a.txt", hashContent("2")],
      ["c/d.txt", hashContent("3")],
    ]);
  });

  it("B51: the same content again is no new version, and a workflow keeps its id", async () => {
    const workspace = await world.workspace({ "one.ts": workflowOf(1) });
    const id = async (): Promise<string> => (await world.ask("GET", "/v1/workflows/one.ts", { workspace })).body.id;
    const before = await id();
    expect((await write(workspace, { "one.ts": workflowOf(1) })).body).toMatchObject({ changed: false, set: {}, removed: [] });
    await write(workspace, { "one.ts": null });
    expect((await world.ask("GET", "/v1/workflows/one.ts", { workspace })).status).toBe(404);
    await write(workspace, { "one.ts": workflowOf(2) });
    expect(await id()).toBe(before);
  });

  it("B56: writes nothing where a file is not as expected, or was deleted meanwhile", async () => {
    const workspace = await world.workspace({ "a.txt": "1", "b.txt": "1" });
    const [one, two] = [hashContent("1"), hashContent("2")];
    const changed = await write(workspace, { "a.txt": "3", "b.txt": "3" }, { "b.txt": two });
    expect([changed.status, changed.body.code]).toEqual([409, "ERR_CONTENT_CHANGED"]);
    const exists = await write(workspace, { "a.txt": "3" }, { "a.txt": null });
    expect([exists.status, exists.body.code]).toEqual([409, "ERR_CONTENT_CHANGED"]);
    const absent = await write(workspace, { "c.txt": "3" }, { "c.txt": one });
    expect([absent.status, absent.body.code]).toEqual([404, "ERR_PATH_NOT_FOUND"]);
    expect((await world.ask("GET", "/v1/files/a.txt", { workspace })).body.content).toBe("1");
    expect((await write(workspace, { "a.txt": "3" }, { "a.txt": one, "c.txt": null })).status).toBe(200);
    const shape = await write(workspace, { "a.txt": "3" }, { "a.txt": "short" });
    expect([shape.status, shape.body.details.path]).toEqual([400, "expected.a.txt"]);
  });

  it("B51: moves files in the same write, and what is in them keeps its id", async () => {
    const workspace = await world.workspace({ "one.ts": workflowOf(1), "old.txt": "old", "a.txt": "a", "b.txt": "b" });
    const before = (await world.ask("GET", "/v1/workflows/one.ts", { workspace })).body.id;
    const body = { files: { "old.txt": null, "new.txt": "new" }, move: { "one.ts": "jobs/one.ts", "a.txt": "b.txt", "b.txt": "a.txt" } };
    const done = await world.ask("PUT", "/v1/files", { workspace, body });
    expect(writeResultSchema.parse(done.body)).toEqual(done.body);
    expect(done.body).toMatchObject({ changed: true, removed: ["old.txt", "one.ts"] });
    expect(Object.keys(done.body.set).toSorted()).toEqual(["a.txt", "b.txt", "jobs/one.ts", "new.txt"]);
    expect((await world.ask("GET", "/v1/workflows/jobs%2Fone.ts", { workspace })).body).toMatchObject({ id: before, path: "jobs/one.ts" });
    expect((await world.ask("GET", "/v1/files/b.txt", { workspace })).body.content).toBe("a");
    const occupied = await world.ask("PUT", "/v1/files", { workspace, body: { files: { "more.txt": "1" }, move: { "a.txt": "new.txt" } } });
    expect([occupied.status, occupied.body.code]).toEqual([409, "ERR_PATH_EXISTS"]);
    const edited = await world.ask("PUT", "/v1/files", { workspace, body: { files: {}, move: { "a.txt": "c.txt" }, expected: { "a.txt": hashContent("x") } } });
    expect([edited.status, edited.body.code]).toEqual([409, "ERR_CONTENT_CHANGED"]);
    expect((await world.ask("GET", "/v1/files?under=more.txt", { workspace })).body.files).toEqual([]);
  });

  it("tells who may read which workspace a request is about, how it stands, and what may be asked of it", async () => {
    const workspace = await world.workspace({ "a.txt": "1" });
    const { body } = await write(workspace, { "a.txt": "2" });
    const told = await world.ask("GET", "/v1/workspace", { token: await world.token(["read"], workspace) });
    expect(chosenWorkspaceSchema.parse(told.body)).toEqual(told.body);
    expect(told.body).toMatchObject({ name: workspace, version: body.version, snapshotId: body.snapshotId, limits: { sourceBytes: 1024 * 1024 } });
    const blind = await world.ask("GET", "/v1/workspace", { token: await world.token(["write"], workspace) });
    expect([blind.status, blind.body.code]).toEqual([403, "ERR_FORBIDDEN"]);
  });

  it("takes bytes as base64, and gives back bytes as they were, text as text", async () => {
    const workspace = await world.workspace({});
    const bytes = Buffer.from([0xff, 0x00, 0xfe]);
    const marked = Buffer.from("\ufeffmarked");
    await write(workspace, { "b.bin": { base64: bytes.toString("base64") }, "m.txt": { base64: marked.toString("base64") }, "t.txt": "é\u0000\n" });
    const read = await world.ask("POST", "/v1/files/read", { workspace, body: { paths: ["t.txt", "b.bin", "m.txt"] } });
    expect(readAnswerSchema.parse(read.body)).toEqual(read.body);
    const [text, binary, mark] = read.body.files;
    expect([text.content, text.base64]).toEqual(["é\u0000\n", undefined]);
    expect([binary.content, binary.base64]).toEqual([undefined, bytes.toString("base64")]);
    expect(mark.base64).toBe(marked.toString("base64"));
    expect(read.body.files.map(({ hash }: { hash: string }) => hash)).toEqual([hashContent("é\u0000\n"), hashContent(bytes), hashContent(marked)]);
    const refused = await write(workspace, { "b.bin": { base64: "not base64!" } });
    expect([refused.status, refused.text.includes("not base64!")]).toEqual([400, false]);
  });

  it("several at once are read each once and 16 MB together at most", async () => {
    const workspace = await world.workspace({ "small.txt": "1" });
    const large = "x".repeat(1024 * 1024);
    await write(workspace, Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`large-${index}.txt`, large])));
    const readMany = async (paths: readonly string[]) => await world.ask("POST", "/v1/files/read", { workspace, body: { paths } });
    const paths = Array.from({ length: 17 }, (_, index) => `large-${index}.txt`);
    expect((await readMany(paths.slice(1))).body.files).toHaveLength(16);
    const refused = await readMany(paths);
    expect([refused.status, refused.body]).toMatchObject([
      413,
      {
        code: "ERR_INPUT_TOO_LARGE",
        detail: expect.stringContaining("Ask for fewer at a time"),
        details: { limit: 16 * 1024 * 1024, amount: 17 * 1024 * 1024 },
      },
    ]);
    const repeated = await readMany(["small.txt", "large-1.txt", "small.txt"]);
    expect([repeated.status, repeated.body]).toMatchObject([400, { details: { path: "paths.2", expected: "each path once", received: '"small.txt"' } }]);
  });

  it("warns of what the author should know, although it is written", async () => {
    const workspace = await world.workspace({});
    const { status, body } = await write(workspace, { "broken.ts": "export const x = ;\n", "Case.ts": "export {};\n", "case.ts": "export {};\n" });
    expect(status).toBe(200);
    expect(body.warnings).toEqual(expect.arrayContaining([expect.objectContaining({ path: "broken.ts", line: 1 })]));
    expect(writeResultSchema.parse(body)).toEqual(body);
  });

  it("a name that only looks like one of JavaScript's is a file like any other, and __proto__ is refused and not lost", async () => {
    const workspace = await world.workspace({ constructor: "1", "toString/valueOf": "2" });
    expect((await world.ask("GET", "/v1/files", { workspace })).body.files).toHaveLength(2);
    const { status, body } = await world.ask("PUT", "/v1/files", { workspace, body: '{"files":{"__proto__":"1"}}' });
    expect([status, body.code]).toEqual([400, "ERR_INPUT_INVALID"]);
    const escaped = await world.ask("PUT", "/v1/files", { workspace, body: '{"files":{"\\u005f_proto__":null}}' });
    expect(escaped.status).toBe(400);
  });
});

describe("one file", () => {
  it("is read by its path, whatever letters it has, now or as a snapshot holds it", async () => {
    const paths = ["plain.txt", "with space.txt", "100%.txt", "a%2Fb.txt", "ä/ö.txt", "q?x#y.txt", "read", "move"];
    const workspace = await world.workspace(Object.fromEntries(paths.map((path) => [path, `content of ${path}`])));
    for (const path of paths) {
      const { status, body } = await world.ask("GET", `/v1/files/${path.split("/").map(encodeURIComponent).join("/")}`, { workspace });
      expect([path, status, body.path, body.content]).toEqual([path, 200, path, `content of ${path}`]);
      expect(fileWithContentSchema.parse(body)).toEqual(body);
    }
    const whole = await world.ask("GET", `/v1/files/${encodeURIComponent("ä/ö.txt")}`, { workspace });
    expect(whole.body.path).toBe("ä/ö.txt");
    const { body } = await write(workspace, { "plain.txt": "new", read: null });
    const before = (await write(workspace, { "plain.txt": "newer" })).body;
    const past = await world.ask("GET", `/v1/files/plain.txt?snapshot=${body.snapshotId}`, { workspace });
    expect(past.body).toEqual({ path: "plain.txt", hash: hashContent("new"), sizeBytes: 3, content: "new" });
    expect((await world.ask("GET", `/v1/files/plain.txt?snapshot=${before.snapshotId}`, { workspace })).body.content).toBe("newer");
    for (const query of [`read?snapshot=${body.snapshotId}`, `plain.txt?snapshot=s1-${"0".repeat(64)}`]) {
      const none = await world.ask("GET", `/v1/files/${query}`, { workspace });
      expect([query, none.status, none.body.code]).toEqual([query, 404, "ERR_PATH_NOT_FOUND"]);
    }
  });

  it("B5: paths that leave the workspace are refused, also where no client has normalised them", async () => {
    const raw = (path: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const { hostname, port } = new URL(world.url);
        request({ hostname, port, path, headers: { authorization: `Bearer ${ADMIN}` } }, (response) => resolve(response.resume().statusCode))
          .on("error", reject)
          .end();
      });
    for (const path of ["../secret", "..%2fsecret", "a/../../secret", "%2fetc/passwd", "a%00b", "a%5cb", ".", "a//b", "%c3%28"]) {
      expect([path, await raw(`/v1/files/${path}`)]).toEqual([path, 400]);
    }
    expect(await raw("/v1/files/")).toBe(400);
  });

  it("B53: deleting is soft: it is gone, not importable, and can come back; what is not there cannot be deleted", async () => {
    const workspace = await world.workspace({
      "part.ts": "export const part = 1;\n",
      "one.ts": `import { workflow } from "bifrost";\nimport { part } from "./part.ts";\nexport default workflow(async () => part);\n`,
    });
    expect((await run(workspace, "one.ts")).result).toBe(1);
    const stale = await world.ask("DELETE", `/v1/files/part.ts?expectedHash=${hashContent("other")}`, { workspace });
    expect([stale.status, stale.body.code]).toEqual([409, "ERR_CONTENT_CHANGED"]);
    const gone = await world.ask("DELETE", `/v1/files/part.ts?expectedHash=${hashContent("export const part = 1;\n")}`, { workspace });
    expect([gone.status, gone.body.removed]).toEqual([200, ["part.ts"]]);
    expect((await run(workspace, "one.ts")).error.code).toBe("ERR_MODULE_NOT_FOUND");
    const again = await world.ask("DELETE", "/v1/files/part.ts", { workspace });
    expect([again.status, again.body.code]).toEqual([404, "ERR_PATH_NOT_FOUND"]);
    await write(workspace, { "part.ts": "export const part = 2;\n" });
    expect((await run(workspace, "one.ts")).result).toBe(2);
  });

  it("B54: moving keeps content, hash and workflow id; a missing source and an existing target are told apart", async () => {
    const workspace = await world.workspace({ "one.ts": workflowOf(1), "two.ts": workflowOf(2) });
    const { id } = (await world.ask("GET", "/v1/workflows/one.ts", { workspace })).body;
    const move = async (from: string, to: string, expectedHash?: string) =>
      await world.ask("POST", "/v1/files/move", { workspace, body: { from, to, expectedHash } });
    expect((await move("one.ts", "two.ts")).body.code).toBe("ERR_PATH_EXISTS");
    expect((await move("none.ts", "three.ts")).body.code).toBe("ERR_PATH_NOT_FOUND");
    expect((await move("one.ts", "three.ts", hashContent("other"))).body.code).toBe("ERR_CONTENT_CHANGED");
    const moved = await move("one.ts", "deep/three.ts", hashContent(workflowOf(1)));
    expect([moved.status, moved.body.set, moved.body.removed]).toEqual([200, { "deep/three.ts": hashContent(workflowOf(1)) }, ["one.ts"]]);
    expect((await world.ask("GET", "/v1/workflows/deep%2Fthree.ts", { workspace })).body.id).toBe(id);
    expect((await run(workspace, id)).result).toBe(1);
    expect((await world.ask("GET", "/v1/files/one.ts", { workspace })).status).toBe(404);
    await world.ask("DELETE", "/v1/files/two.ts", { workspace });
    expect((await move("deep/three.ts", "two.ts")).status).toBe(200);
    await move("two.ts", "two.txt");
    expect((await world.ask("GET", "/v1/files/two.txt", { workspace })).body.entityType).toBe("text");
    await move("two.txt", "two.ts");
    expect((await run(workspace, "two.ts")).result).toBe(1);
  });

  it("B55: a file that becomes a module, a tool or a data provider, and a workflow again, is listed as what it is", async () => {
    const workspace = await world.workspace({ "one.ts": workflowOf(1) });
    const kinds = async (): Promise<unknown> => {
      const { body } = await world.ask("GET", "/v1/workflows", { workspace });
      const files = await world.ask("GET", "/v1/files/one.ts", { workspace });
      return [files.body.entityType, body.workflows.map(({ kind, active }: { kind: string; active: boolean }) => `${kind} ${active}`)];
    };
    expect(await kinds()).toEqual(["workflow", ["workflow true"]]);
    await write(workspace, { "one.ts": "export default 1;\n" });
    expect(await kinds()).toEqual(["module", ["workflow false"]]);
    await write(workspace, { "one.ts": `import { tool } from "bifrost";\nexport default tool(async () => 1);\n` });
    expect(await kinds()).toEqual(["tool", ["tool true"]]);
    await write(workspace, { "one.ts": `import { dataProvider } from "bifrost";\nexport default dataProvider(async () => []);\n` });
    expect(await kinds()).toEqual(["data_provider", ["data_provider true"]]);
    await write(workspace, { "one.ts": workflowOf(2) });
    expect(await kinds()).toEqual(["workflow", ["workflow true"]]);
    expect((await run(workspace, "one.ts")).result).toBe(2);
  });
});
