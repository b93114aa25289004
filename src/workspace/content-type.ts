// Media type of a file by its extension: for whoever shows or serves files; nothing in a run depends on it.
const TYPES: Readonly<Record<string, string>> = {
  ts: "text/typescript",
  mts: "text/typescript",
  tsx: "text/typescript",
  js: "text/javascript",
  mjs: "text/javascript",
  jsx: "text/javascript",
  json: "application/json",
  md: "text/markdown",
  txt: "text/plain",
  csv: "text/csv",
  html: "text/html",
  css: "text/css",
  yaml: "application/yaml",
  yml: "application/yaml",
};

export function contentTypeOf(path: string): string {
  const dot = path.lastIndexOf(".");
  const extension = dot < 0 ? "" : path.slice(dot + 1).toLowerCase();
  return (Object.hasOwn(TYPES, extension) ? TYPES[extension] : undefined) ?? "application/octet-stream";
}
