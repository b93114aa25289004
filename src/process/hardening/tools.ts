// Where the platform keeps the programs that a child is wrapped in. Fixed places: what PATH says is for nobody to decide.
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Tools } from "./layers.ts";

const PLACES = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin", "/run/current-system/sw/bin"];

export function findTools(): Tools {
  return { setpriv: findProgram("setpriv"), unshare: findProgram("unshare"), prlimit: findProgram("prlimit"), perl: findProgram("perl") };
}

export function findProgram(name: string): string | undefined {
  return PLACES.map((place) => join(place, name)).find((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}
