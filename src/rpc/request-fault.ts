// A request that HTTP has a status of its own for: the code tells who must act, the status what about it.
import { Fault, type FaultDetails } from "../errors.ts";

export class RequestFault extends Fault {
  readonly status: number;

  constructor(status: number, message: string, details: FaultDetails) {
    super("ERR_INPUT_INVALID", message, { details });
    this.status = status;
  }
}
