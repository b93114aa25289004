// The environment as configuration: what is read, what is refused, and that no secret is in a refusal.
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import { Fault } from "../../src/errors.ts";
import { VARIABLES, type VariableName } from "../../src/variables.ts";

const NAMES = Object.keys(VARIABLES) as VariableName[];

function refusal(environment: Readonly<Record<string, string>>): Fault {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("the environment", () => {
  it("needs nothing to be set, and takes an empty variable as one that is not", () => {
    const empty = Object.fromEntries(NAMES.map((name) => [name, ""]));
    const standard = readConfig({ HOME: "/home/someone" });
    expect(readConfig({ HOME: "/home/someone", ...empty })).toEqual(standard);
    expect(standard).toMatchObject({
      databaseUrl: undefined,
      redisUrl: undefined,
      dataDirectory: "/home/someone/.local/share/bifrost-executor",
      cacheDirectory: "/home/someone/.cache/bifrost-executor",
      listen: { host: "127.0.0.1", port: 8484 },
      token: undefined,
      secretKeys: undefined,
      drainMs: 30_000,
      logLevel: "info",
      url: undefined,
      noColor: false,
    });
    expect(standard.slots).toBe(standard.processes);
    expect(Object.isFrozen(standard)).toBe(true);
  });

  it("is read as the table says: every example in it is taken", () => {
    for (const name of NAMES) {
      const { example } = VARIABLES[name];
      if (example !== "…") expect(() => readConfig({ [name]: example.replace("…", "secret") }), name).not.toThrow();
    }
    expect(readConfig({ BIFROST_HOST: "::1", BIFROST_PORT: "0", BIFROST_SLOTS: "3", BIFROST_DRAIN: "1500ms" })).toMatchObject({
      listen: { host: "::1", port: 0 },
      slots: 3,
      drainMs: 1500,
    });
  });

  it.each([
    ["BIFROST_PROCESSES", "0", "a whole number from 1 to 9999 is wanted"],
    ["BIFROST_SLOTS", "many", "a whole number from 1 to 9999 is wanted"],
    ["BIFROST_PORT", "65536", "a whole number from 0 to 65535 is wanted"],
    ["BIFROST_PORT", "08", "a whole number"],
    ["BIFROST_HOST", "http://here", "a name or an address is wanted"],
    ["BIFROST_HOST_NAME", "a\nb", "printable"],
    ["BIFROST_DRAIN", "soon", "expected a duration"],
    ["BIFROST_LOG_LEVEL", "loud", "one of debug info warn error silent is wanted"],
    ["BIFROST_URL", "localhost:8484", "http://"],
  ])("refuses %s=%s, and says what is wanted instead", (name, text, wanted) => {
    const fault = refusal({ [name]: text });
    expect([fault.code, fault.message]).toEqual(["ERR_CONFIG_INVALID", expect.stringContaining(wanted)]);
    expect(fault.message).toContain(name);
    expect(fault.details).toMatchObject({ setting: name });
  });

  it("shows no part of a secret that it refuses", () => {
    for (const name of NAMES.filter((each) => VARIABLES[each].secret === true)) {
      for (const text of ["hunter2 hunter2", "http://user:hunter2@host"]) {
        let shown = "";
        try {
          readConfig({ [name]: text });
        } catch (error) {
          shown = JSON.stringify([(error as Fault).message, (error as Fault).details]);
        }
        expect(shown, name).not.toContain("hunter2");
      }
    }
  });
});
