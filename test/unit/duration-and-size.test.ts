// Amounts as they are typed after --timeout, --cpu and --memory, and as they are shown.
import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "../../src/duration.ts";
import { formatSize, parseSize } from "../../src/size.ts";

describe("a duration", () => {
  it.for([
    ["500ms", 500],
    ["30s", 30_000],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["1.5s", 1500],
    ["30", 30_000],
    ["0", 0],
    [" 2M ", 120_000],
    ["0.4ms", 1],
  ] as const)("%s is %i milliseconds", ([text, milliseconds]) => {
    expect(parseDuration(text, "--timeout")).toBe(milliseconds);
  });

  it.for(["", "s", "-1s", "1 d", "1d", "30 s s", "1e3s", "NaN", "0x10", "600h", "1m30s"])("%j is refused, naming the option and what is wanted", (text) => {
    expect(() => parseDuration(text, "--cpu")).toThrow(
      expect.objectContaining({
        code: "ERR_INPUT_INVALID",
        message: expect.stringContaining(`--cpu is ${JSON.stringify(text)}; expected a duration such as`) as string,
      }),
    );
  });

  it.for([
    [1.4, "1 ms"],
    [999, "999 ms"],
    [1250, "1.25 s"],
    [60_000, "1 min"],
    [125_000, "2 min 5 s"],
  ] as const)("%d ms is shown as %s", ([milliseconds, text]) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });
});

describe("a size", () => {
  it.for([
    ["64mb", 64 * 1024 ** 2],
    ["128MB", 128 * 1024 ** 2],
    ["1gb", 1024 ** 3],
    ["512kb", 512 * 1024],
    ["1.5 mb", 1.5 * 1024 ** 2],
    ["16m", 16 * 1024 ** 2],
    ["16MiB", 16 * 1024 ** 2],
    ["4096", 4096],
    ["0", 0],
  ] as const)("%s is %i bytes", ([text, bytes]) => {
    expect(parseSize(text, "--memory")).toBe(bytes);
  });

  it.for(["", "mb", "-1mb", "1tb", "lots", "1e3", "99999999999gb"])("%j is refused, naming the option and what is wanted", (text) => {
    expect(() => parseSize(text, "--memory")).toThrow(
      expect.objectContaining({ code: "ERR_INPUT_INVALID", message: expect.stringContaining("expected a size such as 64mb") as string }),
    );
  });

  it.for([
    [1, "1 byte"],
    [512, "512 bytes"],
    [1536, "1.5 kb"],
    [128 * 1024 ** 2, "128 mb"],
    [2 * 1024 ** 3, "2 gb"],
  ] as const)("%d bytes are shown as %s", ([bytes, text]) => {
    expect(formatSize(bytes)).toBe(text);
  });
});
