// Which workspace a request is about: the one that it names, else the token's own, else the one named "default".
import type { FastifyRequest } from "fastify";
import { Fault } from "../errors.ts";
import type { Host, HostedWorkspace } from "../host.ts";
import { WORKSPACE_HEADER } from "./contract.ts";
import type { Caller } from "./tokens.ts";

export async function workspaceOf(request: FastifyRequest, { caller, host }: { readonly caller: Caller; readonly host: Host }): Promise<HostedWorkspace> {
  return await host.workspace(workspaceNameOf(request, caller));
}

/** Throws ERR_FORBIDDEN, or ERR_INPUT_INVALID for a name that is not percent-encoded. */
export function workspaceNameOf(request: FastifyRequest, caller: Caller): string {
  const asked = request.headers[WORKSPACE_HEADER];
  const name = typeof asked === "string" && asked !== "" ? decoded(asked) : (caller.workspace ?? "default");
  checkOpens(caller, name);
  return name;
}

/** Throws ERR_FORBIDDEN. */
export function checkOpens({ name: token, workspace: own }: Caller, name: string): void {
  if (own === undefined || own === name) return;
  throw new Fault("ERR_FORBIDDEN", `The token ${JSON.stringify(token)} opens the workspace ${JSON.stringify(own)} and no other.`, {
    details: { workspace: name, opens: own },
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Fault("ERR_INPUT_INVALID", `The header ${WORKSPACE_HEADER} is not percent-encoded UTF-8: write % as %25.`, {
      details: { path: WORKSPACE_HEADER, expected: "percent-encoded UTF-8", received: text.slice(0, 100) },
    });
  }
}
