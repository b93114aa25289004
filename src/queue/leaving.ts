// What a host on its way out says to whoever asks it for more.
import { Fault } from "../errors.ts";

export function leaving(): Fault {
  return new Fault("ERR_EXECUTOR_CLOSED", "This host is shutting down and takes no more executions. Ask another one, or ask again soon.");
}
