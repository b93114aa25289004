// The keys that stored secrets are encrypted with, as the operator names them in the environment. Loads nothing: what
// encrypts is in secret-sealing.ts.
import { createHash } from "node:crypto";
import { Fault } from "../errors.ts";

export interface SecretKey {
  /** Tells keys apart, and tells nothing of them. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

const KEY_BYTES = 32;
const BASE64 = /^[\w+/-]+={0,2}$/;

export const SECRETS_KEY_VARIABLE = "BIFROST_SECRETS_KEY";
export const HOW_TO_MAKE_A_KEY = "Make one with: openssl rand -base64 32. Keep it safe: what is encrypted with it is lost without it.";

/** Shows no key wherever it is printed. */
export class SecretKeys {
  readonly #keys: readonly SecretKey[];

  /** Base64 or base64url, parted by commas: the first encrypts, all decrypt. Throws ERR_CONFIG_INVALID, naming `variable` and no value. */
  constructor(text: string, variable: string = SECRETS_KEY_VARIABLE) {
    const parts = text.split(",").map((part) => part.trim());
    this.#keys = parts.map((part, index) => {
      const bytes = BASE64.test(part) ? Buffer.from(part, "base64") : undefined;
      if (bytes?.length !== KEY_BYTES) throw unusable(variable, { which: index + 1, of: parts.length, bytes: bytes?.length, isEmpty: part === "" });
      return { id: idOf(bytes), bytes };
    });
  }

  /** The one that encrypts. */
  get current(): SecretKey {
    return this.#keys[0] as SecretKey;
  }

  get ids(): readonly string[] {
    return this.#keys.map(({ id }) => id);
  }

  find(id: string): SecretKey | undefined {
    return this.#keys.find((key) => key.id === id);
  }

  toJSON(): unknown {
    return { ids: this.ids };
  }
}

/** For who reads or writes a secret without. */
export function noSecretKeys(): Fault {
  return new Fault(
    "ERR_CONFIG_INVALID",
    `This process has no ${SECRETS_KEY_VARIABLE}, and secrets of a workspace can be neither stored nor read without it. Give it the key that the other hosts have, and start it anew. Only where no secret is stored yet: ${HOW_TO_MAKE_A_KEY[0]?.toLowerCase()}${HOW_TO_MAKE_A_KEY.slice(1)}`,
    {
      details: { setting: SECRETS_KEY_VARIABLE },
    },
  );
}

function idOf(bytes: Uint8Array): string {
  return createHash("sha256").update("bifrost-executor secrets key\0").update(bytes).digest("hex").slice(0, 16);
}

interface Unusable {
  readonly which: number;
  readonly of: number;
  /** Undefined where it is no base64. */
  readonly bytes: number | undefined;
  readonly isEmpty: boolean;
}

function unusable(variable: string, { which, of, bytes, isEmpty }: Unusable): Fault {
  const subject = of === 1 ? `${variable} holds a key that` : `${variable} holds ${of} keys, of which number ${which}`;
  const found = isEmpty ? "is empty" : bytes === undefined ? "is no base64" : `is ${bytes} ${bytes === 1 ? "byte" : "bytes"} long`;
  return new Fault("ERR_CONFIG_INVALID", `${subject} ${found}; ${KEY_BYTES} bytes in base64 are wanted, and a comma between keys. ${HOW_TO_MAKE_A_KEY}`, {
    details: {
      setting: variable,
      expected: `${KEY_BYTES} bytes in base64`,
      received: isEmpty ? "nothing" : bytes === undefined ? "no base64" : `${bytes} bytes`,
    },
  });
}
