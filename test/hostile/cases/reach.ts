// A workspace module that walks everything author code can reach, by own properties, symbols, getters and prototypes, and
// names what is not of this realm, is a handle of isolated-vm, or tells of the host. It takes its intrinsics when it is
// evaluated: import it before anything is replaced.

export const REACH = `
const { ownKeys, getOwnPropertyDescriptor, getPrototypeOf, apply } = Reflect;
const { includes, startsWith } = String.prototype;
const { has, add } = Set.prototype;
const { pop, push } = Array.prototype;
const functionText = Function.prototype.toString;
const functionPrototype = Function.prototype;
const objectPrototype = Object.prototype;
const objectText = Object.prototype.toString;
const RealmSet = Set;
const text = String;

/** What the host has and a room has not. */
const HOST_NAMES = new Set(["process", "require", "module", "exports", "__dirname", "__filename", "Buffer", "__bifrost__", "ivm", "isolate", "setFlagsFromString", "primordials", "internalBinding"]);
/** Methods of isolated-vm's handles. */
const HANDLE_METHODS = new Set(["applySync", "applyIgnored", "applySyncPromise", "derefInto", "copyInto", "copySync", "getSync", "setSync", "deleteSync", "createContextSync", "compileScriptSync", "compileModuleSync", "evalClosureSync", "cpuTime"]);
const HANDLE_CLASSES = new Set(["Reference", "ExternalCopy", "Callback", "Isolate", "Context", "NativeModule", "InspectorSession"]);
const HOST_TEXT = ["node_modules", "file://", "/sandbox/", "/src/", "child-main", "isolated-vm", "/proc/", "/home/", "/root/", "/tmp/"];
/** zod has a function of its own called process; an inspection's style is a text. */
const isHostName = (key: string, value: unknown): boolean => apply(has, HOST_NAMES, [key]) && value !== undefined && typeof value !== "string" && !(key === "process" && typeof value === "function");
/** What isolated-vm's callbacks are: functions of the machine's without a name. V8 has few of its own. */
const nameless = new Set<unknown>([Function.prototype, Proxy.revocable({}, {}).revoke]);
const calleeOf = getOwnPropertyDescriptor((function () { return arguments; })(), "callee")!;
const stackOf = getOwnPropertyDescriptor(new Error("for its stack"), "stack")!;
for (const own of [calleeOf.get, calleeOf.set, stackOf.get, stackOf.set]) nameless.add(own);

export interface Reached { readonly found: string[]; readonly seen: number }

export function reach(roots: Record<string, unknown>): Reached {
  const seen = new RealmSet<unknown>();
  const found: string[] = [];
  const queue: (readonly [string, unknown])[] = [];
  let count = 0;
  const tell = (what: string) => { if (found.length < 40) apply(push, found, [what]); };
  const rootKeys = ownKeys(roots);
  for (let index = 0; index < rootKeys.length; index++) apply(push, queue, [[text(rootKeys[index]), roots[rootKeys[index] as string]]]);
  while (queue.length > 0) {
    const [path, value] = apply(pop, queue, []) as readonly [string, any];
    if (typeof value === "string") {
      for (let index = 0; index < HOST_TEXT.length; index++) if (value.length < 10_000 && apply(includes, value, [HOST_TEXT[index]])) tell(path + " tells " + HOST_TEXT[index]);
      continue;
    }
    if ((typeof value !== "object" && typeof value !== "function") || value === null || apply(has, seen, [value])) continue;
    apply(add, seen, [value]);
    count++;
    let last: unknown = value;
    let passesFunction = value === functionPrototype;
    for (let up: unknown = value, steps = 0; up !== null && steps < 100; up = getPrototypeOf(up as object), steps++) { last = up; if (up === functionPrototype) passesFunction = true; }
    if (typeof value === "function" ? last !== objectPrototype || !passesFunction : last !== objectPrototype && getPrototypeOf(last as object) !== null) tell(path + " is of another realm");
    if (typeof value === "object" && last !== objectPrototype && last !== value) tell(path + " ends in another Object.prototype");
    let keys: readonly PropertyKey[] = [];
    try { keys = ownKeys(value); } catch { continue; }
    if (typeof value === "function" && value !== functionPrototype) {
      for (let index = 0; index < keys.length; index++) if (keys[index] === "caller" || keys[index] === "arguments") tell(path + " is a sloppy function");
      const name = getOwnPropertyDescriptor(value, "name")?.value ?? "";
      if (name === "" && !apply(has, nameless, [value]) && apply(functionText, value, []) === "function () { [native code] }") tell(path + " is a nameless function of the machine's");
    }
    try { if (apply(objectText, value, []) === "[object process]") tell(path + " is a process"); } catch {}
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as PropertyKey;
      const at = path + "." + text(key);
      const property = getOwnPropertyDescriptor(value, key);
      if (property === undefined) continue;
      if (typeof key === "string") {
        if (isHostName(key, property.value)) tell(at);
        if (apply(has, HANDLE_METHODS, [key])) tell(at + " is a handle's");
        if (key === "name" && typeof property.value === "string" && typeof value === "function" && apply(has, HANDLE_CLASSES, [property.value])) tell(path + " is the class " + property.value);
      }
      if (property.value !== undefined) apply(push, queue, [[at, property.value]]);
      if (property.set !== undefined) apply(push, queue, [[at + " (set)", property.set]]);
      if (property.get !== undefined) {
        apply(push, queue, [[at + " (get)", property.get]]);
        try { apply(push, queue, [[at, apply(property.get, value, [])]]); } catch (error) { apply(push, queue, [[at + " (thrown)", error]]); }
      }
    }
    apply(push, queue, [[path + ".[[Prototype]]", getPrototypeOf(value)]]);
  }
  return { found, seen: count };
}

/** Objects that no global leads to: iterators, generators, the arguments of a call, and what only syntax makes. */
export function syntaxObjects(): Record<string, unknown> {
  const tagged = (strings: TemplateStringsArray) => strings;
  return {
    argumentsObject: (function () { return arguments; })(), template: tagged\`a\${1}b\`,
    arrayIterator: [][Symbol.iterator](), mapIterator: new Map().entries(), setIterator: new Set().values(), stringIterator: ""[Symbol.iterator](), matchAll: "a".matchAll(/a/g),
    generator: (function* () {})(), asyncGenerator: (async function* () {})(), asyncFunction: async () => {},
    iteratorHelper: [1].values().map((each) => each), wrapped: Iterator.from({ next: () => ({ done: true, value: 1 }) }),
    asyncFromSync: (async () => { for await (const each of [Promise.resolve(1)]) void each; })(), segments: new Intl.Segmenter("en").segment("a")[Symbol.iterator](),
    match: /(?<a>a)/d.exec("a"), rejected: (() => { const promise = Promise.reject(new Error("rejected")); promise.catch(() => {}); return promise; })(),
    finalization: new FinalizationRegistry(() => {}), weak: new WeakRef({}), symbol: Object(Symbol("s")), bigint: Object(1n), bound: Math.max.bind(null),
  };
}
`;
