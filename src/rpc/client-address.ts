// Where the service is and who asks, looked at before anything is sent: what fetch says of them would show the token.
import { RpcFault } from "./client-fault.ts";

/** Without the slash at its end. Throws RpcFault (ERR_INPUT_INVALID). */
export function checkUrl(url: string): string {
  if (!URL.canParse(url)) throw wrong(url, "is no URL");
  const { protocol, username, password, search, hash, href } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") throw wrong(url, `begins with ${JSON.stringify(protocol)}`);
  if (username !== "" || password !== "") throw wrong("", "holds a user name or a password; what is wanted is a token, and not in the URL");
  if (search !== "" || hash !== "") throw wrong(url, "goes on after its path");
  return href.replace(/\/+$/, "").replace(/\/v1$/, "");
}

/** Throws RpcFault (ERR_INPUT_INVALID), which shows nothing of it. */
export function checkToken(token: string): string {
  const trimmed = token.trim();
  if (/^[\x21-\x7e]+$/.test(trimmed)) return trimmed;
  const why = trimmed === "" ? "is empty" : "holds a space, a line break or a letter that no token has";
  throw new RpcFault("ERR_INPUT_INVALID", `The token ${why}.`, {
    name: "UsageError",
    details: { path: "token", expected: "a token as bifrost-executor tokens create shows it", received: "…" },
  });
}

/** One part of a URL's path, whatever it holds. Throws RpcFault (ERR_INPUT_INVALID) for "." and "..", which would name another route. */
export function segment(text: string): string {
  if (text !== "." && text !== "..") return encodeURIComponent(text);
  throw new RpcFault("ERR_INPUT_INVALID", `${JSON.stringify(text)} names nothing.`, { details: { path: "name", expected: "a name", received: text } });
}

/** A workspace path as the end of a URL's. Throws RpcFault (ERR_PATH_INVALID) as the service would. */
export function pathSegments(path: string): string {
  const parts = path.split("/");
  if (path !== "" && !parts.includes(".") && !parts.includes("..")) return parts.map(encodeURIComponent).join("/");
  throw new RpcFault("ERR_PATH_INVALID", `${JSON.stringify(path)} cannot be the path of a workspace file.`, { details: { path } });
}

function wrong(url: string, why: string): RpcFault {
  const shown = url === "" ? "The URL of the service" : `The URL of the service, ${JSON.stringify(url)},`;
  const expected = "a URL such as https://bifrost.example or http://127.0.0.1:8080";
  return new RpcFault("ERR_INPUT_INVALID", `${shown} ${why}; ${expected} is wanted.`, {
    name: "UsageError",
    details: { path: "url", expected, received: url },
  });
}
