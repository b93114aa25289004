// Entry of the process that builds what children only read: the room's scripts, V8's code caches of them, and Node's
// compile cache of the child's own modules. It loads a child's main module and lets it get ready, and runs no author code.
import { chmodSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { basename, dirname, join } from "node:path";
import type { CacheOrder } from "./child-caches.ts";

const HOUR_MS = 3_600_000;
const order = JSON.parse(process.argv[2] as string) as CacheOrder;
// What it writes may be for another user to read, and is never for one to write.
process.umask(0o022);

const room = order.room === undefined ? undefined : await buildRoom(order.room);
const child = process as unknown as { send(message: unknown): boolean; emit(event: "message", message: unknown): boolean };
child.send = (message) => {
  const { type, kind } = message as { readonly type?: unknown; readonly kind?: unknown };
  // A few turns more: what a child loads right after it has become ready is kept too.
  if (type === "ready" || kind === "ready") setTimeout(finish, 50);
  return true;
};
void import(order.entry).then(() => {
  if (room !== undefined) child.emit("message", { type: "setup", cacheDirectory: room, memoryMb: 128, zodAhead: true });
});

async function buildRoom(cacheDirectory: string): Promise<string> {
  const { keepSandboxBundle } = await import("../../isolate/sandbox-bundle.ts");
  return await keepSandboxBundle({ cacheDirectory });
}

function finish(): void {
  flushCompileCache();
  for (const name of readdirSync(order.compile)) {
    const directory = join(order.compile, name);
    // Node writes these for their owner alone.
    if (name.endsWith(`-${process.getuid?.() ?? 0}`) && statSync(directory).isDirectory())
      for (const file of readdirSync(directory)) share(join(directory, file));
  }
  writeFileSync(`${order.marker}.${process.pid}`, JSON.stringify({ stamp: order.stamp, room }));
  renameSync(`${order.marker}.${process.pid}`, order.marker);
  sweep();
  // An exit would dispose of isolates, which can trip an assertion of isolated-vm.
  process.kill(process.pid, "SIGKILL");
}

/** Removes what was built from earlier states of the code, an hour after. */
function sweep(): void {
  const kind = basename(order.compile).slice(0, basename(order.compile).lastIndexOf("-") + 1);
  for (const name of readdirSync(dirname(order.compile))) {
    const directory = join(dirname(order.compile), name);
    if (!name.startsWith(kind) || directory === order.compile) continue;
    if (Date.now() - statSync(directory).mtimeMs > HOUR_MS) rmSync(directory, { recursive: true, force: true });
  }
}

/** Another builder may have replaced it. */
function share(file: string): void {
  try {
    chmodSync(file, 0o644);
  } catch {
    // Then it has done so too.
  }
}
