// The package's version, from the package itself.
import { readFileSync } from "node:fs";

export function readVersion(): string {
  // Two levels up, from src/cli and from dist/cli alike.
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return (manifest as { readonly version: string }).version;
}
