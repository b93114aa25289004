// Linker: turns plans into isolate modules. One module per path for the isolate's whole life, so that every importer
// meets the same instance. It knows nothing of resolution: the plan says which specifier leads where.
import type ivm from "isolated-vm";
import { SDK_LINK, type Plan, type PlanModule } from "./room-job.ts";
import type { Realm } from "./realm.ts";

/** isolated-vm's synchronous linking recurses and gives up at about 2,500 modules in one chain. */
const MAX_SYNCHRONOUS = 1000;
const SCOPE_SPECIFIER = "bifrost:module";

/** The id under which the entry arrives; dynamic imports count from 1. */
const ENTRY_ID = 0;

export class ModuleGraph {
  /** Path whose code is being compiled: V8's syntax errors do not carry it. */
  compiling: string | undefined;
  readonly #isolate: ivm.Isolate;
  readonly #realm: Realm;
  readonly #codeOf: (module: PlanModule) => string;
  readonly #modules = new Map<string, ivm.Module>();
  readonly #links = new Map<ivm.Module, Map<string, ivm.Module>>();
  #root: ivm.Module | undefined;
  /** One link at a time: isolated-vm refuses a module that another linker holds. */
  #linking: Promise<unknown> = Promise.resolve();

  constructor(isolate: ivm.Isolate, realm: Realm, codeOf: (module: PlanModule) => string) {
    this.#isolate = isolate;
    this.#realm = realm;
    this.#codeOf = codeOf;
  }

  /** Before any author code has run. */
  async linkEntry(plan: Plan): Promise<void> {
    for (const module of plan.modules) {
      this.compiling = module.path;
      this.#add(module.path, this.#isolate.compileModuleSync(this.#codeOf(module), { filename: `workspace:///${module.path}` }));
    }
    this.compiling = undefined;
    for (const module of plan.modules) {
      if (module.scoped) this.#linkTo(module, SCOPE_SPECIFIER, this.#isolate.compileModuleSync(scopeText(module.path), { filename: "bifrost:scope-of" }));
    }
    const root = this.#isolate.compileModuleSync(rootText(ENTRY_ID), { filename: "bifrost:root" });
    this.#connect(root, plan);
    this.#root = root;
    if (plan.modules.length <= MAX_SYNCHRONOUS) root.instantiateSync(this.#realm.context, this.#resolve);
    else await root.instantiate(this.#realm.context, this.#resolve);
  }

  /** Rejects with what a module threw before its first top-level await. */
  async evaluateEntry(): Promise<void> {
    await this.#root?.evaluate();
  }

  /** Links what is new. Evaluating what this gives settles the room's promise by its own last statement. Without a plan: the SDK. */
  async linkImport(importId: number, plan: Plan | undefined): Promise<ivm.Module> {
    const root = await this.#isolate.compileModule(rootText(importId), { filename: "bifrost:root" });
    if (plan === undefined)
      this.#links.set(
        root,
        new Map([
          ["entry", this.#realm.sdk],
          ["bifrost:scope", this.#realm.scope],
        ]),
      );
    else {
      for (const module of plan.modules) {
        if (this.#modules.has(module.path)) continue;
        const compiled = await this.#isolate.compileModule(this.#codeOf(module), { filename: `workspace:///${module.path}` });
        const scope = module.scoped ? await this.#isolate.compileModule(scopeText(module.path), { filename: "bifrost:scope-of" }) : undefined;
        // Another import may have been as far meanwhile; and whoever finds a module here may link it at once.
        if (this.#modules.has(module.path)) continue;
        this.#add(module.path, compiled);
        if (scope !== undefined) this.#linkTo(module, SCOPE_SPECIFIER, scope);
      }
      this.#connect(root, plan);
    }
    await this.#link(root);
    return root;
  }

  /**
   * Rejects with a copy of what the module has thrown, when it has: V8 throws it again at whoever imports it next. One that
   * still waits is left to wait.
   */
  async probe(path: string): Promise<void> {
    const entry = this.#modules.get(path);
    if (entry === undefined) return;
    const root = await this.#isolate.compileModule(`import "entry";`, { filename: "bifrost:probe" });
    this.#links.set(root, new Map([["entry", entry]]));
    await this.#link(root);
    await root.evaluate();
  }

  async #link(root: ivm.Module): Promise<void> {
    const linked = this.#linking.then(() => root.instantiate(this.#realm.context, this.#resolve));
    this.#linking = linked.catch(() => {});
    await linked;
  }

  readonly #resolve = (specifier: string, referrer: ivm.Module): ivm.Module => {
    const target = this.#links.get(referrer)?.get(engineText(specifier));
    if (target === undefined) throw new Error(`The plan has no link for ${JSON.stringify(specifier)}`);
    return target;
  };

  #add(path: string, module: ivm.Module): void {
    this.#modules.set(path, module);
    this.#links.set(module, new Map());
  }

  #linkTo(from: PlanModule, specifier: string, target: ivm.Module): void {
    this.#links.set(target, new Map([["bifrost:scope", this.#realm.scope]]));
    this.#links.get(this.#modules.get(from.path) as ivm.Module)?.set(specifier, target);
  }

  #connect(root: ivm.Module, plan: Plan): void {
    for (const { path, links } of plan.modules) {
      const own = this.#links.get(this.#modules.get(path) as ivm.Module);
      for (const [specifier, target] of links)
        own?.set(specifier, target === SDK_LINK ? this.#realm.sdk : (this.#modules.get(plan.modules[target]?.path ?? "") as ivm.Module));
    }
    const entry = this.#modules.get(plan.modules[plan.entry]?.path ?? "") as ivm.Module;
    this.#links.set(
      root,
      new Map([
        ["entry", entry],
        ["bifrost:scope", this.#realm.scope],
      ]),
    );
  }
}

/** A module that imports another and says that it has arrived: with top-level await, that is the only sign of it. */
function rootText(importId: number): string {
  return `import * as namespace from "entry"; import { arrive } from "bifrost:scope"; arrive(${importId}, namespace);`;
}

/** Each module's own import.meta and import(). */
function scopeText(path: string): string {
  return `import { scopeOf } from "bifrost:scope"; export const { meta, dynamicImport } = scopeOf(${JSON.stringify(path)});`;
}

/** isolated-vm hands specifiers over as UTF-8 bytes read as Latin-1. */
function engineText(specifier: string): string {
  // oxlint-disable-next-line no-control-regex -- ASCII is what is looked for
  return /^[\u0000-\u007f]*$/.test(specifier) ? specifier : Buffer.from(specifier, "latin1").toString("utf8");
}
