import { describeHostile } from "./hostile.ts";
import { SABOTAGE } from "./cases/sabotage.ts";

describeHostile("escape: sabotage", SABOTAGE);
