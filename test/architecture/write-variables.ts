// Writes the table of environment variables into the README, between its two marks.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { variablesTable } from "../../src/variables.ts";
import { read, ROOT } from "./project-files.ts";

const text = read("README.md");
const written = text.replace(
  /(<!-- variables -->\n)[\s\S]*?(<!-- \/variables -->)/u,
  (_all, before: string, after: string) => `${before}\n${variablesTable()}\n\n${after}`,
);
if (!text.includes("<!-- variables -->")) throw new Error("README.md has no <!-- variables --> and <!-- /variables --> to write between.");
writeFileSync(join(ROOT, "README.md"), written);
