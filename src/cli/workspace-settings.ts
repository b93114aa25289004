// Port: the settings of workspaces as commands show and change them. The database here fills it in, or a client of the service
// that has the workspaces (remote-settings.ts); which of them, open-settings.ts tells.
import type { OwnSettings, SettingsChange, WorkspaceSettings } from "../settings.ts";

export interface KnownSettings {
  readonly own: OwnSettings;
  /** What holds where the workspace has nothing of its own. */
  readonly defaults: WorkspaceSettings;
}

/** Both reject with ERR_WORKFLOW_NOT_FOUND; the workspace named "default" is always there for who asks for it. */
export interface SettingsPort extends AsyncDisposable {
  read(workspace: string): Promise<KnownSettings>;
  /** All of it or nothing. Resolves to what holds then. */
  change(workspace: string, change: SettingsChange): Promise<KnownSettings>;
}
