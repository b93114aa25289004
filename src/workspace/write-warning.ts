// What a write wants its author to know although it succeeded.
import type { Diagnostic } from "../modules/module-record.ts";
import type { ModulePath } from "../modules/module-path.ts";

export interface WriteWarning {
  /** Absent where the warning is not about one file. */
  readonly path?: ModulePath;
  readonly message: string;
  /** 1-based position in the file, where there is one. */
  readonly line?: number;
  readonly column?: number;
}

export interface FileDiagnostic extends Diagnostic {
  readonly path: ModulePath;
}

export function warningOf({ path, message, line, column }: FileDiagnostic): WriteWarning {
  return { path, message, line, column };
}
