// Loaded before a command (`--import`) to write down when its parts begin: a line of JSON for each, into the file that
// BIFROST_BENCH_TRACE names. Plain JavaScript for Node 18 and newer, because the launcher may run on one.
import { ChildProcess } from "node:child_process";
import { appendFileSync } from "node:fs";

const file = process.env.BIFROST_BENCH_TRACE;
const lines = [];

function mark(event, at = performance.timeOrigin + performance.now()) {
  lines.push(JSON.stringify({ pid: process.pid, event, at }));
}

mark("process", performance.timeOrigin);
mark("loaded");

// Only children with a channel: what the launcher starts in its place has none.
const { spawn, emit } = ChildProcess.prototype;
ChildProcess.prototype.spawn = function spawnMarked(options) {
  const executes = String(options.args).includes("child-main");
  if (executes) mark("spawn");
  const answer = spawn.call(this, options);
  if (executes) {
    const { send } = this;
    this.send = (message, ...rest) => {
      if (message.type === "run") mark("run");
      return send.call(this, message, ...rest);
    };
    this.marked = true;
  }
  return answer;
};
ChildProcess.prototype.emit = function emitMarked(name, ...args) {
  if (name === "message" && this.marked === true && (args[0]?.type === "ready" || args[0]?.type === "done")) mark(args[0].type);
  return emit.call(this, name, ...args);
};

process.on("exit", () => {
  mark("exit");
  if (file !== undefined) appendFileSync(file, `${lines.join("\n")}\n`);
});
