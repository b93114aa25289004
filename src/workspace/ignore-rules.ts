// What .gitignore files name, as git reads them: the innermost file that says anything about a path decides.
import ignore from "ignore";

export interface IgnoreRules {
  /** `path` counts from the directory that was opened first. */
  ignores(path: string, options: { readonly isDirectory: boolean }): boolean;
}

/** `at` is the directory that the file stands in: "" or a path that ends in "/". */
export function createIgnoreRules(text: string, { at, outer }: { readonly at: string; readonly outer: IgnoreRules | undefined }): IgnoreRules {
  const rules = ignore({ ignorecase: false }).add(text);
  return {
    ignores(path, options) {
      const { ignored, unignored } = rules.test(path.slice(at.length) + (options.isDirectory ? "/" : ""));
      return ignored || unignored ? ignored : (outer?.ignores(path, options) ?? false);
    },
  };
}
