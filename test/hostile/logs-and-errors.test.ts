import { describeHostile } from "./hostile.ts";
import { LOGS } from "./cases/logs-and-errors.ts";

describeHostile("log and error abuse", LOGS);
