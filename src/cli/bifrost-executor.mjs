#!/usr/bin/env node
import { launch } from "./launcher.mjs";

await launch(import.meta.url);
