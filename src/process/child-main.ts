// Entry of the child process: holds code, makes rooms ahead, runs what it is asked to, and ends with its parent. It has
// no credentials, no environment and no connection but the channel to the supervisor.
import type { Room } from "../isolate/room.ts";
import type { Plan } from "../isolate/room-job.ts";
import { readSandboxBundle } from "../isolate/sandbox-bundle.ts";
import { createLogSender } from "./log-sender.ts";
import type { FromChild, RunMessage, SetupMessage, ToChild } from "./protocol.ts";
import { RoomsAhead } from "./rooms-ahead.ts";
import { shedPermissions } from "./hardening/shed-permissions.ts";

let ahead: RoomsAhead | undefined;
const plans = new Map<number, Plan>();
const code = new Map<string, string>();
/** Where runs are under way, by run. */
const rooms = new Map<number, Room>();

function send(message: FromChild): void {
  process.send?.(message);
}

/** Never other code in place of what is lacking: an empty module would run, and be wrong without a word. */
function heldCode(key: string): string {
  const js = code.get(key);
  if (js === undefined) throw new Error("The process was not given this module's code");
  return js;
}

/** What got this far must get no further: the supervisor ends this process. */
function onDefect(message: string): void {
  send({ type: "defect", message });
}

async function run(message: RunMessage, made: RoomsAhead): Promise<void> {
  const { runId } = message;
  if (message.reset === true) {
    plans.clear();
    code.clear();
  }
  if (message.plan !== undefined) plans.set(message.planId, message.plan);
  for (const [key, js] of message.code) code.set(key, js);
  const room = made.take(message);
  const logs = createLogSender((entries) => send({ type: "logs", runId, entries }));
  rooms.set(runId, room);
  const { outcome, usage } = await room.run(message, plans.get(message.planId) as Plan, {
    onLog: (entry) => logs.add(entry),
    onImport: (importId, specifier, referrer) => send({ type: "import", runId, importId, specifier, referrer }),
    onUnlinked: (importId, error) => send({ type: "unlinked", runId, importId, error }),
    onCall: (callId, name, argument) => {
      // What was said before the call is heard before what it leads to, such as the lines of a workflow inside.
      logs.flush();
      send({ type: "call", runId, callId, name, argument });
    },
    onDefect,
    code: heldCode,
  });
  rooms.delete(runId);
  logs.flush();
  send({ type: "done", runId, outcome, usage });
  // One turn of the loop passes first: the answer leaves, and disposing at once can trip an assertion of isolated-vm.
  await new Promise(setImmediate);
  room.dispose();
  await room.gone;
  made.prepare(message.zod);
  send({ type: "clean", runId });
}

async function prepare({ cacheDirectory, memoryMb, zodAhead }: SetupMessage): Promise<void> {
  const made = new RoomsAhead(await readSandboxBundle(cacheDirectory), memoryMb);
  made.prepare(false);
  ahead = made;
  shedPermissions();
  send({ type: "ready" });
  if (zodAhead) setImmediate(() => made.prepare(true));
}

function receive(message: ToChild): void {
  switch (message.type) {
    case "setup":
      void prepare(message);
      return;
    case "run":
      void run(message, ahead as RoomsAhead);
      return;
    case "imported":
      // Kept also where the run has ended meanwhile: the supervisor counts on it and will not send it again.
      if (message.plan !== undefined) plans.set(message.plan.id, message.plan);
      for (const [key, js] of message.code ?? []) code.set(key, js);
      void rooms.get(message.runId)?.answerImport(message);
      return;
    case "answered":
      rooms.get(message.runId)?.settle(message.callId, message.ok, message.text);
      return;
    case "cancel":
      void cancel(message.runId);
      return;
    case "stop":
      rooms.get(message.runId)?.stop("cancelled");
  }
}

/** Answers when author code has been told, which one in a loop never is. */
async function cancel(runId: number): Promise<void> {
  const listens = await rooms.get(runId)?.cancel();
  if (listens !== undefined) send({ type: "cancelling", runId, listens });
}

process.on("message", (message) => receive(message as ToChild));
// A terminal's Ctrl-C reaches every process of its group, and so does what `timeout` sends; what it means is for the supervisor to say.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
// An exit would wait for the isolate's thread, and author code may hold that for ever.
process.on("disconnect", () => {
  process.kill(process.pid, "SIGKILL");
  // The first process of a namespace is spared by the signals that it sends itself.
  process.abort();
});
