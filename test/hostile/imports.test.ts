import { describeHostile } from "./hostile.ts";
import { IMPORTS } from "./cases/imports.ts";

describeHostile("imports", IMPORTS);
