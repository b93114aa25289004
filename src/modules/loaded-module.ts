// What the loader gets for a module it asked for: its compiled form, or why there is none.
import { Fault } from "../errors.ts";
import type { ContentHash } from "./content-hash.ts";
import type { ModulePath } from "./module-path.ts";
import type { CompiledModule, ScriptKind } from "./module-record.ts";

export interface WantedModule {
  readonly path: ModulePath;
  readonly hash: ContentHash;
  readonly kind: ScriptKind;
}

/** `fault` is the author's: not UTF-8, too large, too complex to compile. The loader adds the place and the importers. */
export type LoadedModule = { readonly compiled: CompiledModule } | { readonly fault: Fault };

export function notUtf8(): LoadedModule {
  return {
    fault: new Fault("ERR_MODULE_SYNTAX", "The module is not UTF-8 text. Save it with the encoding UTF-8.", {
      name: "SyntaxError",
      details: { reason: "encoding" },
    }),
  };
}
