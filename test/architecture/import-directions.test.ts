// Imports point one way. The rules are in import-directions.ts; here they are applied to the code, and each is shown to bite.
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cruise, type IViolation } from "dependency-cruiser";
import { describe, expect, it } from "vitest";
import { options, rules } from "./import-directions.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

async function violations(directory: string): Promise<IViolation[]> {
  const { output } = await cruise(["src", "db", "sandbox"], { ...options, baseDir: directory });
  if (typeof output === "string") throw new Error(`dependency-cruiser answered with text: ${output}`);
  return output.summary.violations;
}

/** For each rule a workspace in small that breaks it: file → content. */
const PLANTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "ground-stands-alone": { "src/errors.ts": 'import "./modules/a.ts";', "src/modules/a.ts": "export const a = 1;" },
  "modules-looks-down": { "src/modules/a.ts": 'import type { S } from "../snapshot/s.ts";\nexport type A = S;', "src/snapshot/s.ts": "export type S = 1;" },
  "isolate-looks-down": { "src/isolate/a.ts": 'import "../process/p.ts";', "src/process/p.ts": "export const p = 1;" },
  "process-looks-down": { "src/process/a.ts": 'import "../snapshot/s.ts";', "src/snapshot/s.ts": "export const s = 1;" },
  "snapshot-looks-down": { "src/snapshot/a.ts": 'import "../workspace/w.ts";', "src/workspace/w.ts": "export const w = 1;" },
  "executions-looks-down": { "src/executions/a.ts": 'import "../execution.ts";', "src/execution.ts": "export const e = 1;" },
  "workspace-looks-down": { "src/workspace/a.ts": 'import "../execution.ts";', "src/execution.ts": "export const e = 1;" },
  "queue-looks-down": { "src/queue/a.ts": 'import "../executor.ts";', "src/executor.ts": "export const e = 1;" },
  "keep-looks-down": { "src/keep/a.ts": 'import "../executor.ts";', "src/executor.ts": "export const e = 1;" },
  "execution-looks-down": { "src/execution.ts": 'import "./executor.ts";', "src/executor.ts": "export const e = 1;" },
  "executor-is-below-its-callers": { "src/executor.ts": 'import "./cli/c.ts";', "src/cli/c.ts": "export const c = 1;" },
  "index-is-below-the-doors": { "src/index.ts": 'export * from "./testing/t.ts";', "src/testing/t.ts": "export const t = 1;" },
  "doors-are-apart": { "src/rpc/server.ts": 'import "../cli/c.ts";', "src/cli/c.ts": "export const c = 1;" },
  "testing-is-no-command": { "src/testing/index.ts": 'import "../cli/c.ts";', "src/cli/c.ts": "export const c = 1;" },
  "harness-stays-out-of-the-product": { "src/cli/run.ts": 'import "../testing/t.ts";', "src/testing/t.ts": "export const t = 1;" },
  "configuration-is-passed-in": { "src/snapshot/a.ts": 'import type { C } from "../config.ts";\nexport type A = C;', "src/config.ts": "export type C = 1;" },
  "db-knows-only-sql": { "db/a.ts": 'import type { F } from "../src/errors.ts";\nexport type A = F;', "src/errors.ts": "export type F = 1;" },
  "sandbox-is-another-country": { "sandbox/a.ts": 'import "../src/errors.ts";', "src/errors.ts": "export const f = 1;" },
  "sandbox-has-no-node": { "sandbox/a.ts": 'import "node:fs";' },
  "host-knows-only-the-border": { "src/isolate/a.ts": 'import "../../sandbox/timers.ts";', "sandbox/timers.ts": "export const t = 1;" },
  "client-is-light": { "src/rpc/client.ts": 'import "./through.ts";', "src/rpc/through.ts": 'import "ioredis";' },
  "isolated-vm-has-one-home": { "src/process/a.ts": 'import type { Isolate } from "isolated-vm";\nexport type A = Isolate;' },
  "compiler-has-one-home": { "src/modules/a.ts": 'const ts = await import("typescript");\nexport { ts };' },
  "redis-has-one-home": { "src/snapshot/store.ts": 'import { Redis } from "ioredis";\nexport { Redis };' },
  "sql-has-one-home": { "src/workspace/a.ts": 'import { sql } from "kysely";\nexport { sql };' },
  "queue-has-one-home": { "src/executor.ts": 'import "bullmq";' },
  "watchers-have-one-home": { "src/executor.ts": 'import "prom-client";' },
  "observe-looks-down": { "src/observe/a.ts": 'import "../executor.ts";', "src/executor.ts": "export const e = 1;" },
  "encryption-has-one-home": { "src/executor.ts": 'import "jose";' },
  "what-runs-is-installed": { "src/executor.ts": 'import { z } from "vitest";\nexport { z };' },
  "what-is-imported-exists": { "src/executor.ts": 'import "./nowhere.ts";' },
  "no-circles": { "src/modules/a.ts": 'import "./b.ts";', "src/modules/b.ts": 'import "./a.ts";' },
};

async function plant(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "bifrost-planted-"));
  await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
  await symlink(join(ROOT, "package.json"), join(directory, "package.json"));
  for (const folder of ["src", "db", "sandbox"]) await mkdir(join(directory, folder));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), `${content}\n`);
  }
  return directory;
}

describe("imports", () => {
  it("point one way, everywhere", async () => {
    const found = await violations(ROOT);
    expect(found.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)).toEqual([]);
  });

  it("are judged by rules that each have a reason and a violation planted against it", () => {
    expect(rules.map(({ name }) => name).toSorted()).toEqual(Object.keys(PLANTED).toSorted());
    for (const { comment } of rules) expect(comment.length).toBeGreaterThan(20);
  });

  it.for(Object.keys(PLANTED))("that break %s are found", async (name) => {
    const directory = await plant(PLANTED[name] ?? {});
    try {
      expect((await violations(directory)).map(({ rule }) => rule.name)).toContain(name);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
