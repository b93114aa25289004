import { describeHostile } from "./hostile.ts";
import { CRASH } from "./cases/crash.ts";

describeHostile("crash", CRASH);
