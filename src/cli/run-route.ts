// What is asked of `run-workflow`, and how it is had: in this process (run-command.ts), or from a service (remote-run.ts).
import type { Execution } from "../completion.ts";
import type { Limits } from "../limits.ts";
import type { Changes } from "./changes.ts";
import type { OutputForm } from "./command.ts";
import type { Reporter } from "./reporter.ts";

export interface RunArguments {
  readonly reference: string;
  readonly input: string | undefined;
  readonly parameters: readonly string[];
  readonly secrets: readonly string[];
  readonly directory: string | undefined;
  /** Of the service that runs it; undefined where this process does. */
  readonly url: string | undefined;
  readonly workspace: string;
  /** Undefined where nobody named one. */
  readonly namedWorkspace: string | undefined;
  readonly limits: { readonly [K in keyof Limits]?: number };
  readonly dryRun: boolean;
  readonly watch: boolean;
  readonly form: OutputForm;
  readonly quiet: boolean;
}

export interface Route {
  /** Tells the reporter of all, the end included, and resolves with how it ended. Rejects with a Fault where none began. */
  run(given: RunGiven): Promise<Execution>;
  /** Name of the workspace, to tell of it. */
  workspace(): Promise<string>;
  /** For --watch, until the signal is aborted. */
  changes(signal: AbortSignal): Promise<Changes>;
}

export interface RunGiven {
  readonly reporter: Reporter;
  readonly inputJson: string;
  readonly secrets: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
}
