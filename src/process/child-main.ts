// Entry of the child process: holds code, makes rooms ahead, runs one at a time, and ends with its parent. It has no
// credentials, no environment and no connection but the channel to the supervisor.
import { flushCompileCache } from "node:module";
import { Room } from "../isolate/room.ts";
import { loadSandboxBundle, type SandboxBundle } from "../isolate/sandbox-bundle.ts";
import type { LogEntry, Plan } from "../isolate/room-job.ts";
import type { FromChild, RunMessage, SetupMessage, ToChild } from "./protocol.ts";

/** Log lines wait this long at most, so that a burst costs one message. */
const LOG_DELAY_MS = 5;
const LOG_BATCH = 200;
/** Above this the supervisor keeps none anyway; a flood must not fill this process. */
const MAX_LOG_LINES = 20_000;

let bundle: SandboxBundle | undefined;
let memoryMb = 128;
const plans = new Map<number, Plan>();
const code = new Map<string, string>();
/** Rooms made ahead, one of each flavour at most. */
let plainRoom: Room | undefined;
let zodRoom: Room | undefined;
let current: { readonly runId: number; readonly room: Room } | undefined;

function send(message: FromChild): void {
  process.send?.(message);
}

function makeRoom(zod: boolean): Room {
  return new Room(bundle as SandboxBundle, { memoryMb, zod });
}

function takeRoom(message: RunMessage): Room {
  if (message.memoryMb !== memoryMb) {
    memoryMb = message.memoryMb;
    plainRoom?.dispose();
    zodRoom?.dispose();
    plainRoom = zodRoom = undefined;
  }
  const made = message.zod ? zodRoom : plainRoom;
  if (made === undefined) return makeRoom(message.zod);
  if (message.zod) zodRoom = undefined;
  else plainRoom = undefined;
  return made;
}

function makeAhead(zod: boolean): void {
  if (zod) zodRoom ??= makeRoom(true);
  else plainRoom ??= makeRoom(false);
}

function logSender(runId: number): { add(entry: LogEntry): void; flush(): void } {
  let waiting: LogEntry[] = [];
  let timer: NodeJS.Timeout | undefined;
  let count = 0;
  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    send({ type: "logs", runId, entries: waiting });
    waiting = [];
  }
  return {
    add(entry) {
      if (++count > MAX_LOG_LINES) return;
      waiting.push(entry);
      if (waiting.length >= LOG_BATCH) flush();
      else timer ??= setTimeout(flush, LOG_DELAY_MS);
    },
    flush,
  };
}

/** Never other code in place of what is lacking: an empty module would run, and be wrong without a word. */
function heldCode(key: string): string {
  const js = code.get(key);
  if (js === undefined) throw new Error("The process was not given this module's code");
  return js;
}

async function run(message: RunMessage): Promise<void> {
  const { runId } = message;
  if (message.reset === true) {
    plans.clear();
    code.clear();
  }
  if (message.plan !== undefined) plans.set(message.planId, message.plan);
  for (const [key, js] of message.code) code.set(key, js);
  const room = takeRoom(message);
  const logs = logSender(runId);
  current = { runId, room };
  const { outcome, usage } = await room.run(message, plans.get(message.planId) as Plan, {
    onLog: (entry) => logs.add(entry),
    onImport: (importId, specifier, referrer) => send({ type: "import", runId, importId, specifier, referrer }),
    onUnlinked: (importId, error) => send({ type: "unlinked", runId, importId, error }),
    code: heldCode,
  });
  current = undefined;
  logs.flush();
  send({ type: "done", runId, outcome, usage });
  // One turn of the loop passes first: the answer leaves, and disposing at once can trip an assertion of isolated-vm.
  setImmediate(() => {
    room.dispose();
    makeAhead(message.zod);
    send({ type: "idle" });
  });
}

async function prepare({ cacheDirectory, memoryMb: memory, zodAhead }: SetupMessage): Promise<void> {
  bundle = await loadSandboxBundle({ cacheDirectory });
  memoryMb = memory;
  makeAhead(false);
  send({ type: "ready" });
  // This process is always killed, and only one that exits by itself would write what it has compiled: it halves the next start.
  setImmediate(flushCompileCache);
  if (zodAhead) setImmediate(makeAhead, true);
}

function receive(message: ToChild): void {
  switch (message.type) {
    case "setup":
      void prepare(message);
      return;
    case "run":
      void run(message);
      return;
    case "imported":
      // Kept also where the run has ended meanwhile: the supervisor counts on it and will not send it again.
      if (message.plan !== undefined) plans.set(message.plan.id, message.plan);
      for (const [key, js] of message.code ?? []) code.set(key, js);
      if (current?.runId === message.runId) void current.room.answerImport(message);
      return;
    case "stop":
      if (current?.runId === message.runId) current.room.stop("cancelled");
  }
}

process.on("message", (message) => receive(message as ToChild));
// A terminal's Ctrl-C reaches every process of its group, and so does what `timeout` sends; what it means is for the supervisor to say.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
// An exit would wait for the isolate's thread, and author code may hold that for ever.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
