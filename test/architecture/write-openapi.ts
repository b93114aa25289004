// Writes src/rpc/openapi.json anew: node src/cli/launcher.mjs test/architecture/write-openapi.ts && npm run format
import { writeFileSync } from "node:fs";
import { declaredDocument, DOCUMENT } from "./openapi-document.ts";

writeFileSync(DOCUMENT, await declaredDocument());
