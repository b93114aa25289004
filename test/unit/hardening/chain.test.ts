// The command line that puts the layers around a child.
import { expect, it } from "vitest";
import { chainBefore, type ChainOptions } from "../../../src/process/hardening/chain.ts";
import { bareWrapping, type Wrapping } from "../../../src/process/hardening/layers.ts";

const TOOLS = { setpriv: "/bin/setpriv", unshare: "/bin/unshare", prlimit: "/bin/prlimit", perl: "/bin/perl" };
const BARE = bareWrapping(TOOLS);
const ALL: Wrapping = {
  ...BARE,
  noNewPrivileges: true,
  capabilities: "all",
  uid: true,
  network: true,
  ipc: true,
  uts: true,
  pid: true,
  proc: true,
  limits: true,
  landlock: true,
  seccomp: { hex: "06000000", patches: "4:pid" },
  parentDeath: true,
};
const OPTIONS: ChainOptions = {
  uid: 61_200,
  limits: { dataBytes: 1000, openFiles: 128, threads: 70 },
  readable: [
    { path: "/node", run: true },
    { path: "/code", run: false },
  ],
  processor: "x64",
};

function stages(chain: readonly string[]): string[][] {
  const all: string[][] = [];
  for (const word of chain) {
    if (Object.values(TOOLS).includes(word)) all.push([]);
    all.at(-1)?.push(word);
  }
  return all;
}

it("nothing is put before where nothing can be", () => {
  expect(chainBefore(BARE, OPTIONS)).toEqual([]);
});

it("rights are taken away last but for the seal, and the death with the host is asked for on both sides of the change of user", () => {
  const all = stages(chainBefore(ALL, OPTIONS));
  expect(all.map(([tool]) => tool)).toEqual(["/bin/setpriv", "/bin/unshare", "/bin/prlimit", "/bin/setpriv", "/bin/perl"]);
  expect(all[0]).toEqual(["/bin/setpriv", "--pdeathsig", "KILL", "--"]);
  expect(all[1]).toEqual(["/bin/unshare", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--"]);
  expect(all[3]).toEqual(expect.arrayContaining(["--reuid", "61200", "--clear-groups", "--bounding-set=-all", "--no-new-privs", "--pdeathsig"]));
});

it("without root the namespaces are had by one of users, in which every right is dropped again", () => {
  const chain = chainBefore({ ...ALL, uid: false, user: true }, OPTIONS);
  expect(chain).toEqual(expect.arrayContaining(["--user", "--map-current-user", "--keep-caps", "--bounding-set=-all"]));
  expect(chain).not.toContain("--reuid");
});

it("no tool is named that is not there", () => {
  const none = { ...ALL, tools: { setpriv: undefined, unshare: undefined, prlimit: undefined, perl: undefined } };
  expect(chainBefore(none, OPTIONS)).toEqual([]);
});

it("threads are bounded only where the child shares its user with nobody", () => {
  expect(chainBefore(ALL, OPTIONS)).toContain("--nproc=70");
  expect(chainBefore(ALL, { ...OPTIONS, limits: { ...OPTIONS.limits, threads: undefined } }).join(" ")).not.toContain("nproc");
});

it("no limit of memory is written as none", () => {
  expect(chainBefore(ALL, { ...OPTIONS, limits: { ...OPTIONS.limits, dataBytes: Infinity } })).toContain("--data=unlimited:");
});

it("the seal is told what may be read, and what may be run as well", () => {
  const seal = stages(chainBefore(ALL, OPTIONS)).at(-1) ?? [];
  expect(seal.slice(-3)).toEqual(["2", "x/node", "r/code"]);
});
