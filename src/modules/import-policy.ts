// Which module may import what: a list of rules, the first that matches decides, and what no rule matches is allowed.
// It judges the specifier as the author wrote it and looks nothing up (B8, B9).
import type { ModulePath } from "./module-path.ts";

/** Every name; these names exactly; or all names that begin so. */
export type NamePattern = "*" | { readonly oneOf: ReadonlySet<string> } | { readonly beginsWith: string };

export interface ImportRule {
  readonly name: string;
  /** Path of the importing module. */
  readonly importer: NamePattern;
  readonly specifier: NamePattern;
  readonly verdict: "allow" | "deny";
  readonly reason: string;
  /** What to do instead, as a sentence for the author. */
  readonly instead: string;
}

export type ImportPolicy = readonly ImportRule[];

/** The rule that forbids this import, or undefined when it is allowed. */
export function findDenial(policy: ImportPolicy, specifier: string, importer: ModulePath): ImportRule | undefined {
  const rule = policy.find((each) => matches(each.specifier, specifier) && matches(each.importer, importer));
  return rule?.verdict === "deny" ? rule : undefined;
}

function matches(pattern: NamePattern, text: string): boolean {
  if (pattern === "*") return true;
  return "oneOf" in pattern ? pattern.oneOf.has(text) : text.startsWith(pattern.beginsWith);
}

/** Node's own modules by what an author does instead. A test keeps the names complete. */
const NODE_MODULES: readonly (readonly [instead: string, names: readonly string[]])[] = [
  ["Keep data in a JSON module of the workspace and import it; there is no file system.", ["fs", "fs/promises"]],
  [
    "Network access is not available in this version; take the data as the workflow's input.",
    [
      "http",
      "http2",
      "https",
      "net",
      "tls",
      "dgram",
      "dns",
      "dns/promises",
      "inspector",
      "inspector/promises",
      "_http_agent",
      "_http_client",
      "_http_common",
      "_http_incoming",
      "_http_outgoing",
      "_http_server",
      "_tls_common",
      "_tls_wrap",
    ],
  ],
  ["Use the global `crypto`: randomUUID, getRandomValues, subtle.digest.", ["crypto"]],
  ["Use the globals `setTimeout`, `setInterval`, `setImmediate` and their clears.", ["timers", "timers/promises"]],
  ["Use the globals `URL` and `URLSearchParams`.", ["url", "querystring", "punycode"]],
  ["Use `Uint8Array` with the globals `TextEncoder`, `TextDecoder`, `atob` and `btoa`.", ["buffer", "string_decoder"]],
  ["Use the globals `EventTarget` and `AbortController`.", ["events"]],
  ["Use the global `performance`.", ["perf_hooks"]],
  ["Use the global `console`, or `ctx.log` in a workflow.", ["console"]],
  ["Join path text with template strings, or put a small module of your own in the workspace and import it by its path.", ["path", "path/posix", "path/win32"]],
  [
    "Use the language itself (structuredClone, Promise), or put a module of your own in the workspace and import it by its path.",
    ["util", "util/types", "sys"],
  ],
  ["Throw an Error where a condition does not hold.", ["assert", "assert/strict"]],
  ["Use arrays, iterators and async generators.", ["stream", "stream/consumers", "stream/promises", "stream/web"]],
  ["Pass values as function arguments.", ["async_hooks", "diagnostics_channel", "domain"]],
  ["Use `import` and `import()`; `import.meta.url` names the module.", ["module"]],
  ["Take what the workflow must know as its input; a workflow sees no process and no environment.", ["process", "os", "constants"]],
  ["Write the tests outside the workflow, with bifrost-executor/testing.", ["test", "test/reporters"]],
  [
    "A workflow runs alone in its isolate and has no host to reach; do the work in TypeScript.",
    [
      "child_process",
      "cluster",
      "worker_threads",
      "vm",
      "v8",
      "wasi",
      "ffi",
      "sea",
      "sqlite",
      "zlib",
      "repl",
      "readline",
      "readline/promises",
      "tty",
      "trace_events",
    ],
  ],
];

/** Built in only with the prefix; without it the name is free for the workspace. */
const ONLY_WITH_PREFIX = new Set(["test", "test/reporters", "ffi", "sea", "sqlite"]);

const NODE_REASON = "Node's built-in modules do not exist where workflows run";
const HOST_REASON = "the name belongs to the host and is closed to workspace code";
const HOST_INSTEAD = 'Import what you need from "bifrost".';

function deny(name: string, specifier: NamePattern, why: { readonly reason: string; readonly instead: string }): ImportRule {
  return Object.freeze({ name, importer: "*", specifier, verdict: "deny", ...why });
}

function nodeRule([instead, names]: readonly [string, readonly string[]]): ImportRule {
  const spelled = names.flatMap((name) => (ONLY_WITH_PREFIX.has(name) ? [`node:${name}`] : [name, `node:${name}`]));
  return deny("node-builtin", { oneOf: new Set(spelled) }, { reason: NODE_REASON, instead });
}

export const DEFAULT_IMPORT_POLICY: ImportPolicy = Object.freeze([
  ...NODE_MODULES.map(nodeRule),
  deny("node-builtin", { beginsWith: "node:" }, { reason: NODE_REASON, instead: "Use what the language and the globals offer." }),
  deny("host-internal", { beginsWith: "bifrost:" }, { reason: HOST_REASON, instead: HOST_INSTEAD }),
  deny("host-internal", { beginsWith: "bifrost/" }, { reason: HOST_REASON, instead: HOST_INSTEAD }),
  deny("host-internal", { oneOf: new Set(["bifrost-executor", "isolated-vm"]) }, { reason: HOST_REASON, instead: HOST_INSTEAD }),
  deny("host-internal", { beginsWith: "bifrost-executor/" }, { reason: HOST_REASON, instead: HOST_INSTEAD }),
  deny("host-internal", { beginsWith: "isolated-vm/" }, { reason: HOST_REASON, instead: HOST_INSTEAD }),
]);
