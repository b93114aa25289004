// The migrations in their order. A static list, so that none depends on what a directory listing finds.
import type { Migration } from "kysely/migration";
import { workspaces } from "./0001-workspaces.ts";
import { snapshots } from "./0002-snapshots.ts";
import { workflows } from "./0003-workflows.ts";
import { executions } from "./0004-executions.ts";
import { settings } from "./0005-settings.ts";
import { nestedExecutions } from "./0006-nested-executions.ts";
import { waitingExecutions } from "./0007-waiting-executions.ts";
import { configValues } from "./0008-config-values.ts";
import { tokens } from "./0009-tokens.ts";
import { schedules } from "./0010-schedules.ts";
import { retry } from "./0011-retry.ts";
import { upkeep } from "./0012-upkeep.ts";
import { cachedOptions } from "./0013-cached-options.ts";

export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "0001-workspaces": workspaces,
  "0002-snapshots": snapshots,
  "0003-workflows": workflows,
  "0004-executions": executions,
  "0005-settings": settings,
  "0006-nested-executions": nestedExecutions,
  "0007-waiting-executions": waitingExecutions,
  "0008-config-values": configValues,
  "0009-tokens": tokens,
  "0010-schedules": schedules,
  "0011-retry": retry,
  "0012-upkeep": upkeep,
  "0013-cached-options": cachedOptions,
};
