// The last lines of a test run: which servers it used, and one plain line with the numbers, for people who scroll and programs that read.
import type { Reporter, SerializedError, TestModule } from "vitest/node";
import { serversUsed } from "./servers/shared.ts";

export default class ClosingLines implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[test.result().state] += 1;
      // A file that fails to load, or a suite whose hook fails, has no failed test to count.
      if (module.state() === "failed" && ![...module.children.allTests("failed")].length) counts.failed += 1;
    }
    const servers = serversUsed();
    const skipped = counts.skipped + counts.pending;
    // After what the reporters before this one have yet to write.
    setImmediate(() => {
      if (servers !== undefined) process.stdout.write(`Servers used: ${servers}\n`);
      process.stdout.write(`${counts.passed} passed, ${counts.failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
    });
  }
}
