// What can name a value that author code asks for by `config.get(key)`.

const KEY = /^[\w.:/-]{1,128}$/;

/** How to say it in an error. */
export const CONFIG_KEY_FORM = "1 to 128 letters, digits and any of _ . : / -";

export function isConfigKey(text: string): boolean {
  return KEY.test(text);
}
