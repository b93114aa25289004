// The command line as a caller of a service: a real `serve`, and the real bin beside it.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, request as httpRequest, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Execution } from "../../src/completion.ts";
import { createClient } from "../../src/rpc/client.ts";
import { useServedWorkspace } from "../support/served-workspace.ts";
import { freePort } from "../support/servers/owned-process.ts";
import { startProxy } from "../support/service/tcp-proxy.ts";

const served = useServedWorkspace({
  "hello.ts": `import { workflow } from "bifrost";\nexport default workflow(async (p: any, ctx) => { ctx.log.info("greeting", p); return { hello: p.name ?? "nobody" }; });\n`,
  "waits.ts": `import { workflow } from "bifrost";\nexport default workflow(async (p: any) => { console.log("it waits"); await new Promise(() => {}); });\n`,
  "outer.ts": `import { workflow, workflows } from "bifrost";\nexport default workflow(async () => { console.log("outer"); await workflows.execute("inner.ts"); await new Promise(() => {}); });\n`,
  "inner.ts": `import { workflow } from "bifrost";\nexport default workflow(async () => { console.warn("from inside"); });\n`,
  "ticks.ts": `import { workflow } from "bifrost";\nexport default workflow(async (p: any) => { for (let n = 1; n <= p.times; n++) { console.log("tick " + n); await new Promise((r) => setTimeout(r, 20)); } return "ticked"; });\n`,
  "fails.ts": `import { workflow } from "bifrost";\n\nexport default workflow(async () => {\n  throw new RangeError("right here");\n});\n`,
});

function run(args: readonly string[], env: Readonly<Record<string, string>> = served.remote) {
  return served.shell.run("run-workflow", args, { env });
}

async function idsOf(workflow: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { id } of served.client.executions.list({ workflow })) ids.push(id);
  return ids;
}

interface Site extends AsyncDisposable {
  readonly url: string;
}

async function site(listener: RequestListener): Promise<Site> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

/** Passes everything on to the service, and the first answer not back. */
function losingFirstAnswer(): Promise<Site> {
  let answers = 0;
  const relay: RequestListener = (request, response) => {
    const { method, url, headers } = request;
    const onward = httpRequest(`${served.service.url}${url}`, { method, headers, agent: false }, (answer) => {
      answers += 1;
      if (answers === 1) return void answer.resume().on("end", () => request.socket.destroy());
      answer.pipe(response.writeHead(answer.statusCode ?? 0, answer.headers));
    });
    request.pipe(onward);
  };
  return site(relay);
}

describe("run-workflow --url", () => {
  it("runs what the service has: result on stdout, logs on stderr", async () => {
    const { BIFROST_TOKEN } = served.remote;
    const { code, stdout, stderr } = await run(["hello.ts", "--url", served.service.url, "-p", "name=Ada"], { BIFROST_TOKEN: BIFROST_TOKEN! });
    expect([code, stdout]).toEqual([0, '{"hello":"Ada"}\n']);
    expect(stderr).toMatch(/^info greeting \{"name":"Ada"\}\nsuccess hello\.ts::default in /);
  });

  it("takes the input from a file and from standard input, as where this process runs", async () => {
    const file = join(served.shell.home, "input.json");
    await writeFile(file, '{"name":"file"}');
    expect((await run(["hello.ts", "-i", `@${file}`, "--quiet"])).stdout).toBe('{"hello":"file"}\n');
    const piped = await served.shell.run("run-workflow", ["hello.ts", "-i", "-", "-q"], { env: served.remote, input: '{"name":"pipe"}' });
    expect([piped.stdout, piped.stderr]).toEqual(['{"hello":"pipe"}\n', ""]);
  });

  it("shows the lines while it runs, those from inside too, and Ctrl-C cancels there and prints the envelope", async () => {
    const running = served.shell.start("run-workflow", ["outer.ts", "--json"], { env: served.remote });
    await running.until("stderr", "inner.ts: warn from inside");
    running.process.kill("SIGINT");
    const { code, stdout, stderr } = await running.ended;
    const envelope = JSON.parse(stdout) as Execution;
    expect(code).toBe(130);
    expect(envelope).toMatchObject({ status: "Cancelled", error: { code: "ERR_CANCELLED" }, logs: [{ message: "outer" }] });
    expect(stderr).toMatch(/^info outer\ninner\.ts: warn from inside\nerror\[ERR_CANCELLED\]/);
    expect(await served.client.executions.get(envelope.id)).toMatchObject({ status: "Cancelled" });
  });

  it("B86: Ctrl-C before it has begun: it never begins, and its envelope says so", async () => {
    await served.client.workspaces.set("narrow", { maxRunning: 1 });
    const narrow = createClient({ url: served.service.url, token: served.services.token, workspace: "narrow" });
    await narrow.files.write({
      "waits.ts": `import { workflow } from "bifrost";\nexport default workflow(async () => { console.log("begun"); await new Promise(() => {}); });\n`,
    });
    const first = await narrow.executions.start("waits.ts");
    for await (const _ of narrow.executions.logs(first.id)) break;
    const running = served.shell.start("run-workflow", ["waits.ts", "--workspace", "narrow", "--json"], { env: served.remote });
    await expect.poll(async () => (await narrow.executions.page({ status: ["Pending"] })).executions.length).toBe(1);
    running.process.kill("SIGINT");
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, status: "Cancelled", error: { code: "ERR_CANCELLED" }, logs: [] });
    expect(stderr).toMatch(/^error\[ERR_CANCELLED\]/);
    expect(await narrow.executions.get(first.id)).toMatchObject({ status: "Running" });
    await narrow.executions.cancel(first.id);
  });

  it("names in its events the workspace that the token is for", async () => {
    await served.client.workspaces.set("tenant");
    const { token } = await served.client.tokens.create({ name: "of the tenant", scopes: ["execute", "read", "write"], workspace: "tenant" });
    await createClient({ url: served.service.url, token }).files.write({
      "own.ts": `import { workflow } from "bifrost";\nexport default workflow(async () => 1);\n`,
    });
    const { stdout } = await run(["own.ts", "--jsonl"], { ...served.remote, BIFROST_TOKEN: token });
    expect(JSON.parse(stdout.split("\n")[0] ?? "")).toMatchObject({ type: "started", workspace: "tenant" });
  });

  it("needs a token that may execute and read, and says which it lacks", async () => {
    const { token } = await served.client.tokens.create({ name: "reads", scopes: ["read"] });
    const { code, stdout, stderr } = await run(["hello.ts"], { ...served.remote, BIFROST_TOKEN: token });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^error\[ERR_FORBIDDEN\].*execute/);
  });

  it("begins nothing for a token that may execute and not read: whoever is refused may ask again", async () => {
    const { token } = await served.client.tokens.create({ name: "only executes", scopes: ["execute"] });
    const { code, stderr } = await run(["hello.ts"], { ...served.remote, BIFROST_TOKEN: token });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^error\[ERR_FORBIDDEN\].*read/)]);
    expect((await served.client.executions.page({ askedBy: "only executes" })).executions).toEqual([]);
  });

  it("B91: shows whoever is no admin of a failure only what is meant for callers", async () => {
    const { token } = await served.client.tokens.create({ name: "calls", scopes: ["execute", "read"] });
    const { code, stdout, stderr } = await run(["fails.ts"], { ...served.remote, BIFROST_TOKEN: token });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).not.toContain("right here");
    expect(stderr).toMatch(/^error Error: The workflow failed\..*\nexecution /);
  });

  it("shows the source around the place of an error, as the execution saw it", async () => {
    const { code, stdout, stderr } = await run(["fails.ts"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("RangeError: right here");
    expect(stderr).toMatch(/> 4 \|\s+throw new RangeError\("right here"\);/);
    expect(stderr).toContain("at fails.ts:4:9");
  });

  it("B88: misses no line and repeats none where the network breaks down in the middle", async () => {
    await using proxy = await startProxy(served.service.url);
    const url = proxy.url;
    const running = served.shell.start("run-workflow", ["ticks.ts", "-p", "times=150", "--url", url], { env: served.remote });
    for (const after of ["tick 20\n", "tick 60\n"]) {
      await running.until("stderr", after);
      proxy.reset();
      proxy.mend();
    }
    const { code, stdout, stderr } = await running.ended;
    expect([code, stdout]).toEqual([0, '"ticked"\n']);
    const ticks = stderr.split("\n").filter((line) => line.startsWith("info tick"));
    expect(ticks).toEqual(Array.from({ length: 150 }, (_, n) => `info tick ${n + 1}`));
  });

  it("begins one execution, also where the answer to its order is lost", async () => {
    await using lossy = await losingFirstAnswer();
    const before = await idsOf("hello.ts");
    expect((await run(["hello.ts", "--url", lossy.url])).stdout).toBe('{"hello":"nobody"}\n');
    expect((await idsOf("hello.ts")).length).toBe(before.length + 1);
  });

  it("runs again after each change of what is stored there, with --watch", async () => {
    const source = (text: string): string => `import { workflow } from "bifrost";\nexport default workflow(async () => ${JSON.stringify(text)});\n`;
    await served.client.files.write({ "watched.ts": source("first") });
    const running = served.shell.start("run-workflow", ["watched.ts", "--watch"], { env: served.remote });
    await running.until("stderr", "waiting for changes in workspace default");
    await served.client.files.write({ "watched.ts": source("second") });
    await running.until("stdout", "second");
    running.process.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130, stdout: '"first"\n"second"\n' });
  });
});

describe("which route is taken", () => {
  it("an option beats BIFROST_URL, and --directory beats it too", async () => {
    await mkdir(join(served.shell.home, "flows"), { recursive: true });
    await writeFile(
      join(served.shell.home, "flows/hello.ts"),
      `import { workflow } from "bifrost";\nexport default workflow(async () => "from the directory");\n`,
    );
    const env = { ...served.remote, BIFROST_URL: "http://127.0.0.1:1" };
    expect((await run(["hello.ts", "--url", served.service.url, "-q"], env)).stdout).toBe('{"hello":"nobody"}\n');
    expect((await run(["hello.ts", "--directory", "flows", "-q"], env)).stdout).toBe('"from the directory"\n');
  });

  it.for([
    [["--directory", "."], "--url and --directory exclude each other", "bifrost-executor push"],
    [["--secret", "A=env:B"], "--url and --secret exclude each other", "bifrost-executor config set"],
  ] as const)("--url with %j is refused, and says what to do instead", async ([args, said, instead]) => {
    const { code, stdout, stderr } = await run(["hello.ts", "--url", served.service.url, ...args]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(said);
    expect(stderr).toContain(instead);
  });

  it("loads nothing of the engine with --url, and nothing of the client without", async () => {
    const trace = join(served.shell.home, "trace.mjs");
    const list = join(served.shell.home, "loaded.txt");
    await writeFile(
      trace,
      `import { appendFileSync } from "node:fs"; import { registerHooks } from "node:module";
registerHooks({ load(url, context, next) { appendFileSync(${JSON.stringify(list)}, url + "\\n"); return next(url, context); } });`,
    );
    const loaded = async (args: readonly string[], env: Readonly<Record<string, string>>): Promise<readonly string[]> => {
      await writeFile(list, "");
      const { code } = await served.shell.run("run-workflow", args, {
        env: { ...env, PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`, NODE_OPTIONS: `--import=${trace}` },
      });
      expect(code).toBe(0);
      return (await readFile(list, "utf8")).split("\n").map((url) => url.replace(/^.*\/(?=src\/|node_modules\/|db\/)/, ""));
    };
    const remote = await loaded(["hello.ts"], served.remote);
    expect(remote).toContain("src/rpc/client-create.ts");
    expect(
      remote.filter((path) =>
        /^db\/|^src\/(executor|open|open-stored|execution|executions|isolate|process\/(?!hardening\/layers)|snapshot|workspace\/(?!secret-keys)|queue)\b/.test(
          path,
        ),
      ),
    ).toEqual([]);
    expect(remote.filter((path) => path.startsWith("node_modules/") && !path.startsWith("node_modules/eventsource-parser/"))).toEqual([]);
    const local = await loaded(["hello.ts"], served.servers);
    expect(local).toContain("src/executor.ts");
    expect(local.filter((path) => /^src\/(rpc|cli\/remote)/.test(path) || path.includes("eventsource-parser"))).toEqual([]);
  });
});

describe("a service that cannot be asked", () => {
  it.for([["text"], ["--json"]])("that does not answer: 69, and its address (%s)", async ([form = ""]) => {
    const address = `127.0.0.1:${await freePort()}`;
    const { code, stdout, stderr } = await run(["hello.ts", "--url", `http://${address}`, ...(form === "text" ? [] : [form])]);
    expect(code).toBe(69);
    expect(stderr).toBe(`error[ERR_RPC_UNAVAILABLE]: The service at http://${address} does not answer: connect ECONNREFUSED ${address}.\n`);
    if (form === "text") expect(stdout).toBe("");
    else expect(JSON.parse(stdout)).toMatchObject({ version: 1, error: { code: "ERR_RPC_UNAVAILABLE" } });
  });

  it("that does not know the token, or is shown none: 2", async () => {
    const other = await run(["hello.ts"], { ...served.remote, BIFROST_TOKEN: "another-token-0123456789-0123456789" });
    expect([other.code, other.stdout]).toEqual([2, ""]);
    expect(other.stderr).toContain("error[ERR_UNAUTHENTICATED]");
    expect(other.stderr).not.toContain("another-token");
    const none = await run(["hello.ts", "--url", served.service.url], {});
    expect([none.code, none.stdout]).toEqual([2, ""]);
    expect(none.stderr).toContain("BIFROST_TOKEN is not set");
  });

  it("that is no such service, or no URL at all: 2, and what is there instead", async () => {
    await using other = await site((_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>It works!</h1>"));
    const html = await run(["hello.ts", "--url", other.url]);
    expect(html.code).toBe(2);
    expect(html.stderr).toMatch(/is not the RPC of bifrost-executor: it answered 200, text\/html\. Correct the URL\./);
    const { code, stderr } = await run(["hello.ts", "--url", "nowhere"]);
    expect(code).toBe(2);
    expect(stderr).toContain('The URL of the service, "nowhere", is no URL');
  });

  it("whose workspace is not there: as where this process runs", async () => {
    const [there, here] = [await run(["hello.ts", "--workspace", "nobody's"]), await run(["hello.ts", "--workspace", "nobody's"], served.servers)];
    expect(there).toEqual(here);
    expect(there.code).toBe(3);
  });
});
