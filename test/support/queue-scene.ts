// Hosts that take work and end it, for tests of what hands it out: what a run does is begin, wait for leave, and end.
import { createDispatcher, type Dispatcher } from "../../src/queue/dispatcher.ts";
import type { ClaimedExecution, Ledger } from "../../src/executions/ledger.ts";
import type { Queue } from "../../src/queue/queue.ts";
import { envelopeOf, startOf, type HostOnScene } from "./ledger-scene.ts";

/** Far beyond any test: what is found is found otherwise. */
export const NEVER_MS = 3_600_000;

export interface WorkingHostOptions {
  readonly slots: number;
  readonly everyMs?: number;
  /** Until it resolves, what has begun runs. */
  readonly leave?: () => Promise<unknown>;
  readonly isAlone?: (() => boolean) | undefined;
  /** Whether the slot is given back before the end is written. */
  readonly ranEarly?: boolean;
  /** The ledger that the dispatcher sees. */
  readonly ledger?: Ledger;
}

export class WorkingHost implements AsyncDisposable {
  readonly dispatcher: Dispatcher;
  readonly said: string[] = [];
  /** Ids in the order they began, and in the order they ended. */
  readonly begun: string[] = [];
  readonly ended: string[] = [];
  atOnce = 0;
  mostAtOnce = 0;
  readonly #host: HostOnScene;
  readonly #leave: () => Promise<unknown>;

  constructor(
    host: HostOnScene,
    queue: Queue,
    { slots, everyMs = NEVER_MS, leave = async () => {}, ledger = host.ledger, isAlone, ranEarly = false }: WorkingHostOptions,
  ) {
    this.#host = host;
    this.#leave = leave;
    this.dispatcher = createDispatcher({
      ledger,
      queue,
      host: () => host.id,
      slots,
      everyMs,
      isAlone,
      run: (claimed, ran) => this.#run(claimed, ranEarly ? ran : () => undefined),
      log: (message) => void this.said.push(message),
    });
  }

  async #run(claimed: ClaimedExecution, ran: () => void): Promise<void> {
    this.atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    this.begun.push(claimed.id);
    await this.#host.records.begin(startOf(claimed, { claim: claimed }));
    ran();
    await this.#leave();
    await this.#host.records.end(claimed.workspace, envelopeOf(claimed), { claim: claimed });
    this.ended.push(claimed.id);
    this.atOnce -= 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dispatcher.stop();
    await this.dispatcher.settled();
  }
}
