// A directory of the test's own, gone when its scope ends.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface TemporaryDirectory extends Disposable {
  readonly path: string;
  write(files: Readonly<Record<string, string | Uint8Array>>): void;
}

export function temporaryDirectory(files: Readonly<Record<string, string | Uint8Array>> = {}): TemporaryDirectory {
  const path = mkdtempSync(join(tmpdir(), "bifrost-test-"));
  const directory: TemporaryDirectory = {
    path,
    write(given) {
      for (const [name, content] of Object.entries(given)) {
        mkdirSync(dirname(join(path, name)), { recursive: true });
        writeFileSync(join(path, name), content);
      }
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
  directory.write(files);
  return directory;
}
