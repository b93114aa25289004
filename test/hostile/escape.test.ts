import { describeHostile } from "./hostile.ts";
import { ESCAPE } from "./cases/escape.ts";

describeHostile("escape", ESCAPE);
