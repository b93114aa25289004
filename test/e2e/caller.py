# Calls bifrost-executor from Python: no library is needed.
import json
import os
import urllib.error
import urllib.request

URL = os.environ["BIFROST_URL"].rstrip("/")
TOKEN = os.environ["BIFROST_TOKEN"]


class BifrostError(Exception):
    """The service could not do what was asked: nothing was executed."""

    def __init__(self, problem):
        super().__init__(f"{problem['code']}: {problem['detail']}")
        self.code, self.retryable, self.details = problem["code"], problem["retryable"], problem["details"]


def call(method, path, body=None):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as answer:
        raise BifrostError(json.load(answer)) from None


GREET = """
import { workflow } from "bifrost";
export default workflow(async ({ name }, ctx) => {
  ctx.log.info("greeting", { name });
  return { text: `Hello, ${name}!` };
});
"""

# One atomic write; the next execution sees it.
call("PUT", "/v1/files", {"files": {"greet.ts": GREET}})

# Waits for the end. The key makes it safe to send again: it is one execution however often it arrives.
execution = call("POST", "/v1/executions", {"workflow": "greet.ts", "input": {"name": "Ada"}, "idempotencyKey": "greet-ada-1"})
if execution["status"] != "Success":
    raise SystemExit(f"{execution['status']}: {execution['error']['message']}")
for line in execution["logs"]:
    print(line["level"], line["message"], line.get("data", ""))
print(execution["result"]["text"])

# Does not wait: ask for the result later, by the id.
started = call("POST", "/v1/executions", {"workflow": "greet.ts", "input": {"name": "Grace"}, "mode": "async"})
print(call("GET", f"/v1/executions/{started['id']}/result?waitMs=30000")["result"]["text"])

try:
    call("POST", "/v1/executions", {"workflow": "great.ts"})
except BifrostError as error:
    print(error.code, "retryable" if error.retryable else "final")
