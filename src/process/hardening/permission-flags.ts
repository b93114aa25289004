// Node's own permission model, as options of the command line.

export interface PermissionOptions {
  readonly readable: readonly string[];
  readonly compileCache: string | undefined;
  /** Whether it loads native code before it gives up the right to. */
  readonly addons: boolean;
}

export function permissionFlags({ readable, compileCache, addons }: PermissionOptions): readonly string[] {
  return [
    "--permission",
    ...(addons ? ["--allow-addons"] : []),
    // Short ones first: Node 26.10 overlooks a folder that is told after something in it.
    ...readable.toSorted((a, b) => a.length - b.length).map((path) => `--allow-fs-read=${path}`),
    // Node uses its cache only where it could write it. That it does not is for the operating system to keep.
    ...(compileCache === undefined ? [] : [`--allow-fs-write=${compileCache}`]),
  ];
}
