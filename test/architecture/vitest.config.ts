// How the tests run. One project for each kind of test; those that need servers name the global setup that starts them.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Properties can be tried more often than in an ordinary run: see test/fuzz/tries.ts. */
const longer = Math.max(1, Number(process.env["BIFROST_FUZZ_TIMES"] ?? 1));
const servers = { globalSetup: [`${root}test/support/servers/shared.ts`] };

export default defineConfig({
  root,
  test: {
    reporters: ["default", `${root}test/hostile/figures.ts`, `${root}test/support/closing-lines.ts`],
    // One more than cores of a small machine: what waits for servers, limits and ends of processes leaves time to others.
    maxWorkers: 3,
    testTimeout: 20_000,
    hookTimeout: 150_000,
    teardownTimeout: 20_000,
    projects: [
      { extends: true, test: { name: "architecture", include: ["test/architecture/**/*.test.ts"], testTimeout: 60_000 } },
      { extends: true, test: { name: "unit", include: ["test/unit/**/*.test.ts"] } },
      { extends: true, test: { name: "integration", include: ["test/integration/**/*.test.ts"], ...servers } },
      { extends: true, test: { name: "conformance", include: ["test/conformance/**/*.test.ts"], ...servers } },
      { extends: true, test: { name: "hostile", include: ["test/hostile/**/*.test.ts"], testTimeout: 90_000, ...servers } },
      { extends: true, test: { name: "fuzz", include: ["test/fuzz/**/*.test.ts"], testTimeout: 180_000 * longer } },
      { extends: true, test: { name: "e2e", include: ["test/e2e/**/*.test.ts"], testTimeout: 240_000, ...servers } },
    ],
  },
});
