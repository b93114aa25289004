// Entry of a transpile child: the one process that loads the TypeScript compiler and reads untrusted source with it.
// It holds nothing worth stealing, has no environment, and may be killed at any time.
import { Worker } from "node:worker_threads";
import { shedPermissions } from "./hardening/shed-permissions.ts";
import type { TranspileAnswer, TranspileJob, TranspileNews, TranspileOrder } from "./transpile-protocol.ts";

const queue: TranspileJob[] = [];
let wake: (() => void) | undefined;

process.on("disconnect", () => process.exit());
process.on("message", (order: TranspileOrder) => {
  if ("jobs" in order) queue.push(...order.jobs);
  else dropJobs(new Set(order.withdraw));
  wake?.();
});

if (process.argv.includes("--watch-parent")) endWithParent();
const { compileModule, isCompilerSpent, RefusedSource } = await import("../modules/compiler/transpile.ts");
shedPermissions();
tell({ kind: "ready" });

for (;;) {
  const job = queue.shift();
  if (job === undefined) await new Promise<void>((resolve) => (wake = resolve));
  else perform(job);
  // Nothing is begun while the last answer is on its way.
  if (isCompilerSpent()) break;
  // Lets answers out and withdrawals in between two jobs.
  await new Promise((resolve) => setImmediate(resolve));
}

function perform({ id, request }: TranspileJob): void {
  tell({ kind: "started", id });
  const answer = answerTo(request);
  const last = isCompilerSpent();
  tell({ ...answer, id, last }, last ? () => process.exit() : undefined);
}

type Answer = TranspileAnswer extends infer One ? (One extends TranspileAnswer ? Omit<One, "id" | "last"> : never) : never;

function answerTo(request: TranspileJob["request"]): Answer {
  try {
    return { kind: "done", compiled: compileModule(request) };
  } catch (error) {
    if (error instanceof RefusedSource) return { kind: "refused", refusal: error.refusal };
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}

function tell(news: TranspileNews, sent?: () => void): void {
  process.send?.(news, undefined, undefined, sent ?? (() => {}));
}

function dropJobs(ids: ReadonlySet<number>): void {
  queue.splice(0, queue.length, ...queue.filter((job) => !ids.has(job.id)));
}

// A compiler at work does not notice that the parent is gone, so a thread of its own does.
function endWithParent(): void {
  const watch = `setInterval(() => { if (process.ppid !== ${process.ppid}) process.kill(process.pid, "SIGKILL"); }, 500)`;
  new Worker(watch, { eval: true, env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 } }).unref();
}
