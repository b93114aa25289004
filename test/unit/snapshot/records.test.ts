import { describe, expect, it } from "vitest";
import { hashContent } from "../../../src/modules/content-hash.ts";
import type { CompiledKey } from "../../../src/modules/content-hash.ts";
import { compileModule } from "../../../src/modules/compiler/transpile.ts";
import { compiledDigest, decodeCompiled, encodeCompiled } from "../../../src/snapshot/compiled-record.ts";
import { decodeHead, encodeHead } from "../../../src/snapshot/head-text.ts";
import { decodeSnapshotRecord, encodeSnapshotRecord, snapshotRecordOf } from "../../../src/snapshot/snapshot-id.ts";
import type { SnapshotId } from "../../../src/snapshot/snapshot-record.ts";
import { EMPTY_TREE_HASH } from "../../../src/snapshot/tree.ts";

describe("a snapshot record", () => {
  const record = snapshotRecordOf({ tree: EMPTY_TREE_HASH, packageLock: null, compilerOptions: { useDefineForClassFields: false, jsx: "react" } });

  it("has an id that follows from its parts, whatever the order of the options", () => {
    expect(record.id).toMatch(/^s1-[0-9a-f]{64}$/);
    expect(snapshotRecordOf({ tree: EMPTY_TREE_HASH, packageLock: null, compilerOptions: { jsx: "react", useDefineForClassFields: false } }).id).toBe(
      record.id,
    );
    expect(snapshotRecordOf({ ...record, compilerOptions: {} }).id).not.toBe(record.id);
    expect(snapshotRecordOf({ ...record, packageLock: "x" }).id).not.toBe(record.id);
  });

  it("B26: reads back, and reads as undefined with another shape or another id", () => {
    const text = encodeSnapshotRecord(record);
    expect(decodeSnapshotRecord(text)).toEqual(record);
    expect(decodeSnapshotRecord(Buffer.from(text))).toEqual(record);
    const other = snapshotRecordOf({ ...record, compilerOptions: {} });
    for (const wrong of [
      "",
      "null",
      "[]",
      "{}",
      text.replace(record.id, other.id),
      text.replace('"react"', '"vue"'),
      text.replace('"jsx"', '"target"'),
      text.replace('"format":1', '"format":2'),
    ]) {
      expect(decodeSnapshotRecord(wrong)).toBeUndefined();
    }
  });
});

describe("HEAD's text", () => {
  it("B26: reads back, and only that spelling reads", () => {
    const head = { version: 12, snapshotId: `s1-${"a".repeat(64)}` as SnapshotId };
    const text = encodeHead(head);
    expect(decodeHead(text)).toEqual(head);
    for (const wrong of [
      undefined,
      "",
      ` ${text}`,
      `${text}\n`,
      text.replace("12", "-1"),
      text.replace("12", "012"),
      text.replace("12", "1e9"),
      text.replace("s1-", "s2-"),
      text.replace("12", "1234567890123456"),
    ]) {
      expect(decodeHead(wrong)).toBeUndefined();
    }
  });
});

describe("compiled code", () => {
  const source = "import { x } from './x';\nexport const y: number = await import(`${x}`);";
  const compiled = compileModule({ hash: hashContent(source), kind: "ts", text: source, options: {} });

  it("reads back as it was, also out of a larger buffer", () => {
    expect(decodeCompiled(encodeCompiled(compiled))).toEqual(JSON.parse(JSON.stringify(compiled)));
    const padded = Buffer.concat([Buffer.from("???"), encodeCompiled(compiled), Buffer.from("!")]);
    expect(decodeCompiled(padded.subarray(3, -1))?.js).toBe(compiled.js);
  });

  it("B24: with any byte changed, or cut anywhere, it does not verify", () => {
    const bytes = encodeCompiled(compiled);
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 1;
      expect(decodeCompiled(changed)).toBeUndefined();
      expect(decodeCompiled(bytes.subarray(0, at))).toBeUndefined();
    }
  });

  it("has a digest that survives JSON and changes with code, map and facts, and not with key or source", () => {
    const digest = compiledDigest(compiled);
    expect(compiledDigest(JSON.parse(JSON.stringify(compiled)) as typeof compiled)).toBe(digest);
    expect(compiledDigest({ ...compiled, key: "k" as CompiledKey } as typeof compiled)).toBe(digest);
    for (const changed of [{ js: "" }, { map: "" }, { facts: { ...compiled.facts, exports: [] } }])
      expect(compiledDigest({ ...compiled, ...changed })).not.toBe(digest);
  });
});
