// The two ES modules that every room has, as source text. They take what they give from the global that the
// bootstrap leaves, and close it: evaluate the SDK module (which imports the other) before any author code.

/** Specifier and file name of the SDK. */
export const SDK_SPECIFIER = "bifrost";
/** `scopeOf` for `import.meta` and `import()`, `arrive` for roots of the host's; never importable by an author's own import. */
export const SCOPE_SPECIFIER = "bifrost:scope";

export const SDK_MODULE = `import "${SCOPE_SPECIFIER}";
const { sdk, close } = globalThis.__bifrost__;
export const { workflow, tool, dataProvider, UserError, workflows, config } = sdk;
export let z;
sdk.onZod((value) => { z = value; });
close();
`;

export const SCOPE_MODULE = `export const { scopeOf, arrive } = globalThis.__bifrost__;
`;
