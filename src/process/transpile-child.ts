// Entry of a transpile child: the one process that loads the TypeScript compiler and reads untrusted source with it.
// It holds nothing worth stealing, has no environment, and may be killed at any time.
import { enableCompileCache, flushCompileCache } from "node:module";
import { Worker } from "node:worker_threads";
import type { TranspileJob, TranspileNews, TranspileOrder } from "./transpile-protocol.ts";

const cacheDirectory = process.argv[2];
if (cacheDirectory !== undefined) enableCompileCache(cacheDirectory);

const queue: TranspileJob[] = [];
let wake: (() => void) | undefined;

process.on("disconnect", () => process.exit());
process.on("message", (order: TranspileOrder) => {
  if ("jobs" in order) queue.push(...order.jobs);
  else dropJobs(new Set(order.withdraw));
  wake?.();
});

endWithParent();
const { compileModule } = await import("../modules/compiler/transpile.ts");
tell({ kind: "ready" });
if (cacheDirectory !== undefined) flushCompileCache();

for (;;) {
  const job = queue.shift();
  if (job === undefined) await new Promise<void>((resolve) => (wake = resolve));
  else perform(job);
  // Lets answers out and withdrawals in between two jobs.
  await new Promise((resolve) => setImmediate(resolve));
}

function perform({ id, request }: TranspileJob): void {
  tell({ kind: "started", id });
  try {
    tell({ kind: "done", id, compiled: compileModule(request) });
  } catch (error) {
    tell({ kind: "failed", id, message: error instanceof Error ? error.message : String(error) });
  }
}

function tell(news: TranspileNews): void {
  if (process.connected) process.send?.(news);
}

function dropJobs(ids: ReadonlySet<number>): void {
  queue.splice(0, queue.length, ...queue.filter((job) => !ids.has(job.id)));
}

// A compiler at work does not notice that the parent is gone, so a thread of its own does.
function endWithParent(): void {
  const watch = `setInterval(() => { if (process.ppid !== ${process.ppid}) process.kill(process.pid, "SIGKILL"); }, 500)`;
  new Worker(watch, { eval: true, env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 } }).unref();
}
