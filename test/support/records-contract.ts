// The promises of src/executions/records.ts as a suite: every place that keeps executions passes it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomUUIDv7 } from "node:crypto";
import type { Execution, TerminalStatus } from "../../src/completion.ts";
import type { ExecutionRecords, ExecutionStart } from "../../src/executions/records.ts";
import type { SnapshotId, WorkspaceId } from "../../src/snapshot/snapshot-record.ts";

export interface RecordsUnderTest {
  readonly records: ExecutionRecords;
  /** Two workspaces that exist. */
  readonly workspaces: readonly [WorkspaceId, WorkspaceId];
  dispose(): Promise<void>;
}

const SNAPSHOT = `s1-${"ab".repeat(32)}` as SnapshotId;
const OTHER_SNAPSHOT = `s1-${"cd".repeat(32)}` as SnapshotId;
const HASH = "ef".repeat(32);
/** What text in a database cannot hold: U+0000 and halves of surrogate pairs. */
const WILD = "a\u0000b \ud800 \udc00\ud800 \u0001json:x \\u0000 \u{1f600}";

export function describeRecordsContract(name: string, create: () => Promise<RecordsUnderTest>): void {
  describe(`records contract: ${name}`, () => {
    let opened: RecordsUnderTest;
    let records: ExecutionRecords;
    let workspace: WorkspaceId;

    beforeAll(async () => {
      opened = await create();
      records = opened.records;
      workspace = opened.workspaces[0];
    });
    afterAll(async () => {
      await opened?.dispose();
    });

    function startOf(part: Partial<ExecutionStart> = {}): ExecutionStart {
      return {
        id: randomUUIDv7(),
        workspace,
        workflow: "wf.ts::default",
        snapshotId: SNAPSHOT,
        inputJson: '{"b":1,"a":2}',
        startedAt: "2026-11-20T10:00:00.123Z",
        ...part,
      };
    }

    function executionOf(start: ExecutionStart, part: Partial<Execution> = {}): Execution {
      return {
        version: 1,
        id: start.id,
        workflow: start.workflow,
        status: "Success",
        logs: [],
        usage: { wallMs: 12.5, cpuMs: 3, peakMemoryBytes: 5_000_000_000 },
        snapshotId: start.snapshotId,
        modules: [{ path: "wf.ts", hash: HASH }],
        startedAt: start.startedAt,
        finishedAt: "2026-11-20T10:00:01.456Z",
        ...part,
      };
    }

    async function recorded(part: Partial<Execution>): Promise<Execution> {
      const start = startOf();
      await records.begin(start);
      expect(await records.end(workspace, executionOf(start, part))).toBe(true);
      return (await records.get(workspace, start.id))!.execution!;
    }

    it("an execution that began is there as Running, with its input as the caller gave it", async () => {
      const start = startOf({ inputJson: '{ "z": 1,\n "a": 1e400, "z": 12345678901234567890 }' });
      expect(await records.begin(start)).toEqual({ ...start, status: "Running", execution: undefined });
      expect(await records.get(workspace, start.id)).toEqual({ ...start, status: "Running", execution: undefined });
    });

    it("B89: an execution that another executed says so, while it runs and after", async () => {
      const parentId = randomUUIDv7();
      const start = startOf({ parentId });
      expect(await records.begin(start)).toMatchObject({ parentId });
      expect(await records.get(workspace, start.id)).toEqual({ ...start, status: "Running", execution: undefined });
      const execution = executionOf(start, { parentId });
      await records.end(workspace, execution);
      expect((await records.get(workspace, start.id))?.execution).toEqual(execution);
    });

    it("B89: what is kept of the input is replaced with the end where that says so, and stays otherwise", async () => {
      for (const [inputJson, kept] of [
        [undefined, '{"b":1,"a":2}'],
        [`{"b": "[secret ${WILD.length}]"}`, `{"b": "[secret ${WILD.length}]"}`],
        [JSON.stringify(WILD), JSON.stringify(WILD)],
      ]) {
        const start = startOf();
        await records.begin(start);
        expect(await records.end(workspace, executionOf(start), { inputJson })).toBe(true);
        // Nor does a second end change it.
        expect(await records.end(workspace, executionOf(start), { inputJson: "0" })).toBe(false);
        expect((await records.get(workspace, start.id))?.inputJson).toBe(kept);
      }
    });

    it("B20: an id that begins again keeps the snapshot it was first pinned to", async () => {
      const start = startOf();
      await records.begin(start);
      const again = await records.begin({ ...start, snapshotId: OTHER_SNAPSHOT, inputJson: "0", startedAt: "2026-11-20T11:00:00.000Z" });
      expect(again).toEqual({ ...start, status: "Running", execution: undefined });
    });

    it("B20: of many that begin one id at once, all get the same snapshot", async () => {
      const start = startOf();
      const all = await Promise.all(
        Array.from({ length: 8 }, (_, index) => records.begin({ ...start, snapshotId: index % 2 === 0 ? SNAPSHOT : OTHER_SNAPSHOT })),
      );
      expect(new Set(all.map((row) => row.snapshotId)).size).toBe(1);
    });

    it("B92: an id that has ended gives its whole envelope when it begins again", async () => {
      const start = startOf();
      await records.begin(start);
      const execution = executionOf(start, { result: { closed: 3 } });
      await records.end(workspace, execution);
      expect(await records.begin(start)).toEqual({ ...start, status: "Success", execution });
    });

    it("the first end counts, and only that one", async () => {
      const start = startOf();
      await records.begin(start);
      const ends = await Promise.all(
        (["Success", "Failed", "Timeout", "Cancelled"] as TerminalStatus[]).map((status) =>
          records.end(workspace, executionOf(start, { status, logs: [{ sequence: 1, level: "info", message: status, timestamp: start.startedAt }] })),
        ),
      );
      expect(ends.filter(Boolean)).toHaveLength(1);
      const kept = (await records.get(workspace, start.id))!;
      expect(kept.execution!.logs.map((line) => line.message)).toEqual([kept.status]);
    });

    it("timings are kept with the envelope, as they are in it or beside it", async () => {
      expect((await recorded({ timings: { pinned: 0.5, ran: 12 } })).timings).toEqual({ pinned: 0.5, ran: 12 });
      const start = startOf();
      await records.begin(start);
      await records.end(workspace, executionOf(start, { timings: { ran: 1 } }), { timings: { queued: 4, ran: 1 } });
      expect((await records.get(workspace, start.id))!.execution!.timings).toEqual({ queued: 4, ran: 1 });
    });

    it("what is run as soon as it was asked for ends under its claim alone, and cannot be asked for twice", async () => {
      const start = startOf();
      const accepted = {
        id: start.id,
        workspace,
        reference: "wf",
        workflow: start.workflow,
        inputJson: start.inputJson,
        askedBy: "a",
        priority: 0,
        retry: { attempts: 1, backoffMs: 1000, idempotent: false },
      };
      const claim = { id: start.id, workspace, host: "00000000-0000-7000-8000-0000000000aa", fence: 1 };
      expect(await records.begin({ ...start, claim, accepted })).toEqual({ ...start, status: "Running", execution: undefined });
      await expect(records.begin({ ...start, claim, accepted })).rejects.toMatchObject({ code: "ERR_IDEMPOTENCY_CONFLICT" });
      expect(await records.end(workspace, executionOf(start))).toBe(false);
      expect(await records.end(workspace, executionOf(start), { claim: { ...claim, fence: 2 } })).toBe(false);
      expect(await records.end(workspace, executionOf(start), { claim })).toBe(true);
      const lost = { code: "ERR_EXECUTION_ENDED", details: { reason: "claim lost" } };
      await expect(records.begin({ ...start, claim })).rejects.toMatchObject(lost);
      await expect(records.begin(startOf({ claim }))).rejects.toMatchObject(lost);
    });

    it("what never began cannot end, and is not found", async () => {
      const start = startOf();
      expect(await records.end(workspace, executionOf(start))).toBe(false);
      expect(await records.get(workspace, start.id)).toBeUndefined();
      expect(await records.get(workspace, "no-uuid")).toBeUndefined();
    });

    it("another workspace neither sees an execution nor ends it", async () => {
      const start = startOf();
      await records.begin(start);
      const [, other] = opened.workspaces;
      expect(await records.get(other, start.id)).toBeUndefined();
      expect(await records.end(other, executionOf(start))).toBe(false);
      expect((await records.get(workspace, start.id))!.status).toBe("Running");
    });

    it("every part of the envelope comes back as it was: key order, null, no result, error with cause, usage", async () => {
      const error = {
        code: "ERR_MODULE_NOT_FOUND",
        name: "Error",
        message: "boom",
        stack: "Error: boom\n    at wf.ts:1:1",
        frames: [{ path: "wf.ts", line: 1, column: 1, hash: HASH, functionName: "main" }],
        cause: { name: "TypeError", message: "deeper", stack: "", frames: [] },
        userFacing: true,
        details: { candidates: ["a.ts"] },
      } as const;
      const full = await recorded({
        status: "Failed",
        error,
        modules: [
          { path: "a.ts", hash: HASH },
          { path: "b.ts", hash: HASH },
        ],
      });
      expect(full.error).toEqual(error);
      expect("result" in full).toBe(false);
      expect(full.modules.map((module) => module.path)).toEqual(["a.ts", "b.ts"]);
      expect(full.usage).toEqual({ wallMs: 12.5, cpuMs: 3, peakMemoryBytes: 5_000_000_000 });
      const nothing = await recorded({ result: null });
      expect("result" in nothing && nothing.result).toBeNull();
      const ordered = await recorded({ status: "CompletedWithErrors", result: { success: false, b: 1, a: { z: 1, y: [1, 2] } } });
      expect(JSON.stringify(ordered.result)).toBe('{"success":false,"b":1,"a":{"z":1,"y":[1,2]}}');
      expect(ordered.startedAt).toBe("2026-11-20T10:00:00.123Z");
      expect(ordered.finishedAt).toBe("2026-11-20T10:00:01.456Z");
    });

    it("U+0000 and lone surrogates in result, error, logs, input and workflow name come back as they were", async () => {
      const start = startOf({ workflow: `wf.ts::${WILD}`, inputJson: '{"\ud800":"\\u0000"}' });
      await records.begin(start);
      const execution = executionOf(start, {
        status: "Failed",
        result: { [WILD]: WILD },
        error: { name: WILD, message: WILD, stack: WILD, frames: [], details: { value: WILD } },
        logs: [
          { sequence: 1, level: "error", message: WILD, timestamp: start.startedAt, data: { [WILD]: [WILD] } },
          { sequence: 2, level: "debug", message: "\u0001json:", timestamp: start.startedAt, data: null },
        ],
      });
      expect(await records.end(workspace, execution)).toBe(true);
      const kept = (await records.get(workspace, start.id))!;
      expect(kept.execution).toEqual(execution);
      expect(JSON.parse(kept.inputJson)).toEqual({ "\ud800": "\u0000" });
    });

    it("ten thousand log lines keep their order, levels and data", async () => {
      const levels = ["debug", "info", "warn", "error"] as const;
      const logs = Array.from({ length: 10_000 }, (_, index) => ({
        sequence: index + 1,
        level: levels[index % 4]!,
        message: `line ${index} "quoted", {braced} \\ and NULL`,
        timestamp: new Date(Date.UTC(2026, 10, 20) + index).toISOString(),
        ...(index % 3 === 0 ? { data: { index } } : undefined),
      }));
      expect((await recorded({ logs })).logs).toEqual(logs);
    });

    it("B90: an input and a result of 10 MB are kept whole", async () => {
      const text = "0123456789abcde\n".repeat(655_360);
      const start = startOf({ inputJson: JSON.stringify(text) });
      await records.begin(start);
      await records.end(workspace, executionOf(start, { result: text }));
      const kept = (await records.get(workspace, start.id))!;
      expect(kept.inputJson === start.inputJson).toBe(true);
      expect(kept.execution!.result === text).toBe(true);
    });

    it("an author cannot make an execution unrecordable: input, result, error and log data nested 100,000 deep are kept", async () => {
      let deep: unknown = '"\\';
      for (let depth = 0; depth < 100_000; depth += 1) deep = depth % 2 === 0 ? [deep] : { 'r]"': deep };
      const text = JSON.stringify(deep);
      const start = startOf({ inputJson: text });
      await records.begin(start);
      const error = { name: "Error", message: "m", stack: "", frames: [], details: { deep } };
      await records.end(
        workspace,
        executionOf(start, { result: deep, error, logs: [{ sequence: 1, level: "info", message: "m", timestamp: start.startedAt, data: deep }] }),
      );
      const kept = (await records.get(workspace, start.id))!;
      expect(kept.inputJson === text).toBe(true);
      const found = [kept.execution!.result, kept.execution!.error!.details!["deep"], kept.execution!.logs[0]!.data];
      for (const value of found) expect(JSON.stringify(value) === text).toBe(true);
    });

    it("a string that looks like what stands for deep JSON comes back as it was", async () => {
      for (const text of ["\u0001deep:", "\u0001deep:[", '"\u0001deep:']) expect((await recorded({ result: text })).result).toBe(text);
    });
  });
}
