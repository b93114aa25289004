// Whatever two hosts do to executions, at once and in whatever order: each has exactly one end, and who wrote it knows.
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { sql } from "kysely";
import { beforeAll, expect, it } from "vitest";
import { Fault } from "../../../src/errors.ts";
import type { Claim, RetryPolicy } from "../../../src/executions/ledger.ts";
import { describeOnBoth, envelopeOf, startOf, type LedgerScene } from "../../support/ledger-scene.ts";
import { tries } from "../../fuzz/tries.ts";

const ACTIONS = ["claim", "begin", "end", "fail", "hand back", "refuse", "cancel", "reap", "expire", "keep lines"] as const;
const TERMINAL: ReadonlySet<string> = new Set(["Success", "Failed", "Timeout", "Stuck", "CompletedWithErrors", "Cancelled"]);

interface Act {
  readonly action: (typeof ACTIONS)[number];
  /** Which host, which of the executions, which of the claims that were ever given on it, the last first. */
  readonly host: 0 | 1;
  readonly target: number;
  readonly claim: number;
}

const act: fc.Arbitrary<Act> = fc.record({
  action: fc.constantFrom(...ACTIONS),
  host: fc.constantFrom(0, 1),
  target: fc.nat(2),
  claim: fc.nat(1),
});

const POLICIES: readonly RetryPolicy[] = [
  { attempts: 1, backoffMs: 1, idempotent: false },
  { attempts: 3, backoffMs: 0, idempotent: true },
  { attempts: 20, backoffMs: 0, idempotent: true },
];

describeOnBoth("interleavings", (scene) => {
  beforeAll(async () => {
    await sql`create table moves (n bigint generated always as identity, id uuid, was text, is_now text, fence_was bigint, fence_now bigint)`.execute(scene.db);
    await sql`
      create function note_move() returns trigger language plpgsql as $$
      begin
        if old.status <> new.status or old.fence <> new.fence then
          insert into moves (id, was, is_now, fence_was, fence_now) values (new.id, old.status, new.status, old.fence, new.fence);
        end if;
        return null;
      end $$`.execute(scene.db);
    await sql`create trigger moved after update on executions for each row execute function note_move()`.execute(scene.db);
  });

  it("B86, B87: exactly one terminal state is ever written, nothing leads out of it, and exactly one writer is told that it was his", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(act, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 }), async (rounds) => {
        await scene.clear();
        await sql`truncate moves`.execute(scene.db);
        const play = new Play(scene);
        await play.open();
        for (const round of rounds) await Promise.all(round.map((one) => play.act(one)));
        await play.finish();
        const { moves, executions } = await play.outcome();
        expect(moves.filter(({ was }) => TERMINAL.has(was))).toEqual([]);
        expect(moves.every((move) => move.fence_now - move.fence_was === (move.is_now === "Running" ? 1 : 0))).toBe(true);
        for (const { status, ends, writers, wasCancelled } of executions) {
          expect(ends.map((end) => end.is_now)).toEqual([status]);
          expect(writers).toHaveLength(wasCancelled ? 0 : 1);
          // Written under a claim, it was the last that was given.
          for (const { fence = ends[0]!.fence_now } of writers) expect(fence).toBe(ends[0]!.fence_now);
        }
        const [{ ledger }] = scene.hosts;
        expect([await ledger.depth(), await ledger.hosts()]).toEqual([[], []]);
      }),
      tries(40),
    );
  }, 120_000);
});

class Play {
  readonly #scene: LedgerScene;
  readonly #names = [randomUUID(), randomUUID()];
  readonly #claims = new Map<string, Claim[]>();
  /** Ids, each as often as somebody was told that he has ended it; with the fence of his claim. */
  readonly #writers: { readonly id: string; readonly fence?: number }[] = [];
  readonly #cancelled = new Set<string>();
  #ids: readonly string[] = [];

  constructor(scene: LedgerScene) {
    this.#scene = scene;
  }

  async open(): Promise<void> {
    const orders = POLICIES.map((retry, index) => this.#scene.order({ retry, ...(index === 1 ? { maxWaitMs: 0 } : {}) }));
    for (const order of orders) await this.#scene.hosts[0].ledger.accept(order);
    this.#ids = orders.map(({ id }) => id);
  }

  async act({ action, host, target, claim: which }: Act): Promise<void> {
    const { ledger, records } = this.#scene.hosts[host];
    const id = this.#ids[target]!;
    const [workspace] = this.#scene.workspaces;
    const claim = this.#claims.get(id)?.at(-1 - which);
    if (action === "claim") this.#keep(await ledger.claim(this.#names[host]!, 2));
    else if (action === "cancel") {
      if ((await ledger.cancel(workspace, id))?.kind === "cancelled") this.#cancelled.add(id);
    } else if (action === "reap") {
      const name = this.#names[host]!;
      this.#names[host] = randomUUID();
      this.#writers.push(...(await ledger.reap(name)).ended.map((end) => ({ id: end.id })));
    } else if (action === "expire") this.#writers.push(...(await ledger.expire()).map((end) => ({ id: end.id })));
    else if (claim === undefined) {
      if (action === "refuse" && (await ledger.endUnbegun({ id, workspace }, { status: "Failed", error: undefined }))) this.#writers.push({ id });
    } else if (action === "begin") await records.begin(startOf(claim, { claim })).catch(mayBeLost);
    else if (action === "hand back") await ledger.handBack(claim, { dueInMs: 0, counts: which === 0 });
    else if (action === "keep lines") await ledger.keepLines(claim, [{ sequence: 1, level: "info", message: "m", timestamp: "2026-11-20T10:00:00.000Z" }]);
    else if (action === "refuse") {
      if (await ledger.endUnbegun(claim, { status: "Failed", error: undefined })) this.#writers.push(claim);
    } else {
      const status = action === "end" ? "Success" : "Timeout";
      if (await records.end(workspace, envelopeOf(claim, { status }), { claim })) this.#writers.push(claim);
    }
  }

  /** What has not ended is lost with its host, or ended where it waits. */
  async finish(): Promise<void> {
    const [{ ledger }] = this.#scene.hosts;
    const [workspace] = this.#scene.workspaces;
    for (const host of [0, 1] as const) await this.act({ action: "reap", host, target: 0, claim: 0 });
    for (const id of this.#ids) {
      if (await ledger.endUnbegun({ id, workspace }, { status: "Failed", error: undefined })) this.#writers.push({ id });
    }
  }

  async outcome() {
    const { rows: moves } = await sql<{ id: string; was: string; is_now: string; fence_was: number; fence_now: number }>`
      select id, was, is_now, fence_was, fence_now from moves order by n`.execute(this.#scene.db);
    const executions = this.#ids.map(async (id) => {
      const writers = this.#writers.filter((one) => one.id === id);
      return {
        status: (await this.#scene.hosts[0].ledger.state(this.#scene.workspaces[0], id))!.status,
        ends: moves.filter((move) => move.id === id && TERMINAL.has(move.is_now)),
        writers,
        // Nobody else was told: whoever cancelled it has written that.
        wasCancelled: this.#cancelled.has(id) && writers.length === 0,
      };
    });
    return { moves, executions: await Promise.all(executions) };
  }

  #keep(claims: readonly Claim[]): void {
    for (const claim of claims) this.#claims.set(claim.id, [...(this.#claims.get(claim.id) ?? []), claim]);
  }
}

function mayBeLost(error: unknown): void {
  if (!(error instanceof Fault) || error.code !== "ERR_EXECUTION_ENDED") throw error;
}
