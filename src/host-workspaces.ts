// The workspaces that a host has open, one executor each, over one database, cache and set of processes. Settings that an
// operator changes hold from the next second on, without a restart.
import { LRUCache } from "lru-cache";
import { listWorkspaces } from "../db/queries/workspaces.ts";
import { decodeText } from "../db/text.ts";
import type { Executor } from "./executor.ts";
import { Fault } from "./errors.ts";
import { noWorkspace, type Backing } from "./open-stored.ts";
import type { Workspace } from "./snapshot/origin.ts";
import type { WorkspaceId } from "./snapshot/snapshot-record.ts";
import { withDatabaseFaults } from "./workspace/database-faults.ts";

export interface HostWorkspacesOptions {
  readonly backing: Backing;
  /** The executor of one workspace as it is set now. */
  compose(workspace: Workspace): Executor;
  readonly log?: ((message: string) => void) | undefined;
}

interface Open {
  readonly executor: Executor;
  /** JSON of the workspace it was opened for. */
  readonly settings: string;
  lookedAt: number;
}

/** Settings are read again after this. */
const FRESH_MS = 1000;
/** Whoever has just been given an executor begins what it wants of it within this time. */
const GRACE_MS = 10_000;
/** Each keeps what it has found in its snapshots. */
const MOST_OPEN = 200;

export class HostWorkspaces implements AsyncDisposable {
  readonly #options: HostWorkspacesOptions;
  readonly #open: LRUCache<string, Open>;
  readonly #opening = new Map<string, Promise<Open | undefined>>();
  readonly #names = new Map<WorkspaceId, string>();
  readonly #retiring = new Map<Executor, NodeJS.Timeout>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: HostWorkspacesOptions) {
    this.#options = options;
    this.#open = new LRUCache({ max: MOST_OPEN, dispose: ({ executor }) => this.#retireLater(executor) });
  }

  /** Rejects with ERR_WORKFLOW_NOT_FOUND where there is none of this name. */
  async byName(name: string, { create = false }: { readonly create?: boolean | undefined } = {}): Promise<Executor> {
    const known = this.#open.get(name);
    if (known !== undefined && performance.now() - known.lookedAt < FRESH_MS) return known.executor;
    let opening = this.#opening.get(name);
    if (opening === undefined || create) {
      opening = this.#look(name, create).finally(() => this.#opening.delete(name));
      this.#opening.set(name, opening);
    }
    const open = await opening;
    if (open === undefined) throw noWorkspace(name);
    return open.executor;
  }

  async byId(id: WorkspaceId): Promise<Executor> {
    const name = this.#names.get(id) ?? (await this.#nameOf(id));
    if (name !== undefined) return await this.byName(name);
    throw new Fault("ERR_WORKFLOW_NOT_FOUND", `There is no workspace with the id ${id} any more.`, { details: { workspace: id } });
  }

  /** Of those that have been asked for here; its id where it has not. */
  nameOf(id: WorkspaceId): string {
    return this.#names.get(id) ?? id;
  }

  /** Where an execution of this id is under way, also as what another one executes. */
  whereRuns(id: string): Executor | undefined {
    return [...this.#open.values()]
      .map(({ executor }) => executor)
      .concat([...this.#retiring.keys()])
      .find((executor) => executor.isRunning(id));
  }

  async names(): Promise<readonly string[]> {
    return [...(await this.#rows()).values()].toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#open.clear();
    for (const executor of this.#retiring.keys()) this.#retire(executor);
    await Promise.all(this.#closing);
  }

  async #look(name: string, create: boolean): Promise<Open | undefined> {
    const workspace = await this.#options.backing.origin.workspace(name, { create: create || name === "default" });
    const known = this.#open.peek(name);
    if (workspace === undefined) {
      this.#open.delete(name);
      return undefined;
    }
    this.#names.set(workspace.id, name);
    const settings = JSON.stringify(workspace);
    if (known?.settings === settings) {
      known.lookedAt = performance.now();
      return known;
    }
    const open = { executor: this.#options.compose(workspace), settings, lookedAt: performance.now() };
    this.#open.set(name, open);
    return open;
  }

  async #nameOf(id: WorkspaceId): Promise<string | undefined> {
    for (const [each, name] of await this.#rows()) this.#names.set(each, name);
    return this.#names.get(id);
  }

  async #rows(): Promise<ReadonlyMap<WorkspaceId, string>> {
    const { db, server } = this.#options.backing.database;
    const rows = await withDatabaseFaults(server, () => listWorkspaces(db));
    return new Map(rows.map(({ id, name }) => [id, decodeText(name)]));
  }

  #retireLater(executor: Executor): void {
    const timer = setTimeout(() => this.#retire(executor), GRACE_MS);
    timer.unref();
    this.#retiring.set(executor, timer);
  }

  #retire(executor: Executor): void {
    const timer = this.#retiring.get(executor);
    clearTimeout(timer);
    const closing = executor
      .retire()
      .catch((error: unknown) => this.#options.log?.(`A workspace could not be closed: ${error instanceof Error ? error.message : String(error)}`))
      .finally(() => {
        this.#retiring.delete(executor);
        this.#closing.delete(closing);
      });
    this.#closing.add(closing);
  }
}
