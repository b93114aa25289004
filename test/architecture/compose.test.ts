// compose.yaml, as far as it can be judged without a Docker: who waits for whom, what is healthy when, and that no secret is in it.
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { read } from "./project-files.ts";

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile_inline: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly ports?: readonly string[];
}

const { services } = parse(read("compose.yaml"), { merge: true }) as { readonly services: Readonly<Record<string, Service>> };

describe("compose.yaml", () => {
  it("has the database, the cache, the init container and the executor", () => {
    expect(Object.keys(services)).toEqual(["postgres", "redis", "init", "executor"]);
  });

  it("B60: starts the executor only after init has succeeded, and init only when its servers are healthy", () => {
    expect(services["executor"]?.depends_on).toEqual({ init: { condition: "service_completed_successfully" } });
    expect(services["init"]?.depends_on).toEqual({ postgres: { condition: "service_healthy" }, redis: { condition: "service_healthy" } });
    expect(services["init"]?.command).toEqual(["bifrost-executor", "init"]);
  });

  it("says of everything that stays up how to see that it is well", () => {
    for (const name of ["postgres", "redis", "executor"]) expect(services[name]?.healthcheck?.test.length, name).toBeGreaterThan(1);
  });

  it("holds no secret, and refuses to start without one", () => {
    for (const [name, { environment = {} }] of Object.entries(services)) {
      for (const [key, value] of Object.entries(environment)) {
        if (/PASSWORD|SECRET|TOKEN|KEY/u.test(key)) expect(value, `${name} ${key}`).toMatch(/^\$\{[A-Z_]+:\?.+\}$/u);
        if (key.endsWith("_URL")) expect(new URL(value).password, `${name} ${key}`).toBe("");
      }
    }
  });

  it("runs Redis as a cache that never drops anything by itself and never writes to disk", () => {
    const command = services["redis"]?.command?.join(" ");
    expect(command).toContain("--maxmemory-policy noeviction");
    expect(command).toContain("--save  --appendonly no");
  });

  it("builds its image from this directory, names versions and opens no port", () => {
    for (const [name, { image = "", build, ports }] of Object.entries(services)) {
      expect(ports, name).toBeUndefined();
      if (build === undefined) expect(image, name).toMatch(/^[a-z]+:\d+\.\d+/u);
      else for (const line of build.dockerfile_inline.match(/^FROM .*/gmu) ?? []) expect(line).toMatch(/^FROM node:\d+\.\d+\.\d+-/u);
    }
    expect(services["executor"]?.build?.dockerfile_inline).toMatch(/^USER node$/mu);
  });
});
