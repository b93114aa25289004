// How deep JSON text is nested, read without parsing it.

/** Whether some value in `json` stands inside of more than `levels` arrays and objects. */
export function isNestedDeeper(json: string, levels: number): boolean {
  // Each level takes two characters: most texts are too short to be looked through.
  if (json.length <= 2 * levels) return false;
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < json.length; index++) {
    const character = json[index];
    if (quoted && character === "\\") index++;
    else if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === "[" || character === "{") depth++;
    else if (character === "]" || character === "}") depth--;
    if (depth > levels) return true;
  }
  return false;
}
