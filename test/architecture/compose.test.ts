// compose.yaml, as far as it can be judged without a Docker: who waits for whom, what is healthy when, what each may, and that no secret is in it.
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseDuration } from "../../src/duration.ts";
import { executorRules } from "../../src/redis-rights.ts";
import { VARIABLES, type VariableName } from "../../src/variables.ts";
import { read } from "./project-files.ts";

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile_inline: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly ports?: readonly string[];
  readonly deploy?: { readonly replicas: number };
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
  readonly stop_grace_period?: string;
  readonly restart?: string;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
}

const { services, configs } = parse(read("compose.yaml"), { merge: true }) as Compose;

/** What compose puts in from outside, or refuses to start without. */
const REQUIRED = /\$\{[A-Z_]+:\?[^}]+\}/u;

describe("compose.yaml", () => {
  it("has the database, the cache, the init container, the API and two hosts or more", () => {
    expect(Object.keys(services)).toEqual(["postgres", "redis", "init", "api", "executor"]);
    expect(services["api"]?.command?.slice(0, 2)).toEqual(["bifrost-executor", "serve"]);
    expect(services["executor"]?.command?.slice(0, 2)).toEqual(["bifrost-executor", "work"]);
    expect(services["executor"]?.deploy?.replicas).toBeGreaterThanOrEqual(2);
  });

  it("B60: starts what serves only after init has succeeded, and init only when its servers are healthy", () => {
    const healthy = { postgres: { condition: "service_healthy" }, redis: { condition: "service_healthy" } };
    for (const name of ["api", "executor"])
      expect(services[name]?.depends_on, name).toEqual({ init: { condition: "service_completed_successfully" }, ...healthy });
    expect(services["init"]?.depends_on).toEqual(healthy);
    expect(services["init"]).toMatchObject({ command: ["bifrost-executor", "init"], restart: "no" });
  });

  it("says of everything that stays up how to see that it is well", () => {
    for (const name of ["postgres", "redis", "api", "executor"]) expect(services[name]?.healthcheck?.test.length, name).toBeGreaterThan(1);
    for (const name of ["api", "executor"]) {
      const port = services[name]?.command?.at(-1);
      expect(services[name]?.healthcheck?.test.join(" "), name).toContain(`http://127.0.0.1:${port}/health`);
    }
  });

  it("holds no secret, and refuses to start without one", () => {
    for (const [name, { environment = {} }] of Object.entries(services)) {
      for (const [key, value] of Object.entries(environment)) {
        if (/PASSWORD|SECRET|TOKEN|KEY/u.test(key)) expect(value, `${name} ${key}`).toMatch(new RegExp(`^${REQUIRED.source}$`, "u"));
        if (key.endsWith("_URL")) expect(new URL(value.replace(REQUIRED, "given")).password, `${name} ${key}`).toMatch(/^(given)?$/u);
      }
    }
    for (const { content } of Object.values(configs)) expect(content.match(/ [>#]\S+/gu)).toEqual([expect.stringMatching(/^ >\$\{REDIS_PASSWORD:\?/u)]);
  });

  it("is configured by variables that there are, each in its form", () => {
    for (const [name, { environment = {} }] of Object.entries(services)) {
      for (const [key, value] of Object.entries(environment).filter(
        ([each]) => each.startsWith("BIFROST_") || each === "DATABASE_URL" || each === "REDIS_URL",
      )) {
        expect(Object.keys(VARIABLES), name).toContain(key);
        if (!REQUIRED.test(value)) expect(VARIABLES[key as VariableName].read(value, key), `${name} ${key}`).toBeDefined();
      }
    }
  });

  it("lets what runs end: containers are killed later than their hosts stop waiting", () => {
    for (const name of ["api", "executor"]) {
      const { environment, stop_grace_period: grace = "" } = services[name] ?? {};
      expect(parseDuration(grace, "stop_grace_period"), name).toBeGreaterThan(parseDuration(environment?.["BIFROST_DRAIN"] ?? "", "BIFROST_DRAIN") + 5000);
    }
  });

  it("runs Redis as a cache that never drops anything by itself and never writes to disk", () => {
    const command = services["redis"]?.command?.join(" ");
    expect(command).toContain("--maxmemory-policy noeviction");
    expect(command).toContain("--save  --appendonly no");
  });

  it("gives the hosts a user of Redis with exactly the rights that they need, and everybody else none", () => {
    const [file] = services["redis"]?.configs ?? [];
    expect(services["redis"]?.command?.join(" ")).toContain(`--aclfile ${file?.target}`);
    const users = configs[file?.source ?? ""]?.content.trimEnd().split("\n") ?? [];
    expect(users[0]).toBe("user default on nopass resetkeys resetchannels -@all +ping");
    expect(users[1]?.replace(REQUIRED, "given")).toBe(`user executor on >given ${executorRules()}`);
    expect(users).toHaveLength(2);
    for (const name of ["init", "api", "executor"]) expect(services[name]?.environment?.["REDIS_URL"], name).toMatch(/^redis:\/\/executor:/u);
  });

  it("builds its image from this directory, names versions, and opens no port but the API's on this machine alone", () => {
    for (const [name, { image = "", build, ports }] of Object.entries(services)) {
      expect(ports, name).toEqual(name === "api" ? [expect.stringMatching(/^127\.0\.0\.1:/u)] : undefined);
      if (build === undefined) expect(image, name).toMatch(/^[a-z]+:\d+\.\d+/u);
      else for (const line of build.dockerfile_inline.match(/^FROM .*/gmu) ?? []) expect(line).toMatch(/^FROM node:\d+\.\d+\.\d+-/u);
    }
    expect(services["executor"]?.build?.dockerfile_inline).toMatch(/^USER node$/mu);
    expect(read(".dockerignore").split("\n")).toContain(".env");
  });
});
