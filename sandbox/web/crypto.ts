// crypto: random values, UUIDs and digests. Randomness is the host's, taken in small lots, because each asking costs a
// trip between threads.
import type { CallHost } from "../host-calls.ts";
import type { Host } from "../host.d.ts";
import {
  dataViewBuffer,
  dataViewLength,
  dataViewOffset,
  isView,
  RealmArrayBuffer,
  RealmUint8Array,
  setBytes,
  typedBuffer,
  typedLength,
  typedName,
  typedOffset,
} from "../intrinsics.ts";
import { DOMException } from "./dom-exception.ts";

const LARGEST_REQUEST = 65_536;
/** As base64, it is what a host call may carry. */
const LARGEST_DIGESTED = 48_000_000;
const LOT = 1024;
const DIGESTS: ReadonlySet<string> = new Set(["SHA-1", "SHA-256", "SHA-384", "SHA-512"]);
const INTEGER_ARRAYS: ReadonlySet<string> = new Set([
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "BigInt64Array",
  "BigUint64Array",
]);

export interface CryptoPowers {
  readonly host: Pick<Host, "randomBytes">;
  readonly call: CallHost;
}

export function createCrypto({ host, call }: CryptoPowers): object {
  let lot = new Uint8Array(0);

  function randomBytes(count: number): Uint8Array {
    if (count > LOT) return new Uint8Array(host.randomBytes(count));
    if (lot.length < count) lot = new Uint8Array(host.randomBytes(LOT));
    const bytes = lot.slice(0, count);
    lot = lot.subarray(count);
    return bytes;
  }

  class SubtleCrypto {
    async digest(algorithm: string | { readonly name: string }, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer> {
      const name = `${typeof algorithm === "object" ? algorithm.name : algorithm}`.toUpperCase();
      if (!DIGESTS.has(name)) throw new DOMException("Unrecognized algorithm name", "NotSupportedError");
      const bytes = bytesOf(data);
      if (typedLength(bytes) > LARGEST_DIGESTED) throw new DOMException(`The data to digest exceeds ${LARGEST_DIGESTED} bytes`, "QuotaExceededError");
      const answer = await call("digest", JSON.stringify({ algorithm: name, base64: toBase64(bytes) }));
      return fromBase64(answer).buffer;
    }

    get [Symbol.toStringTag](): string {
      return "SubtleCrypto";
    }
  }

  const subtle = new SubtleCrypto();

  class Crypto {
    get subtle(): SubtleCrypto {
      return subtle;
    }

    getRandomValues<T extends ArrayBufferView>(array: T): T {
      if (!isView(array) || !INTEGER_ARRAYS.has(typedName(array) ?? "")) {
        throw new DOMException("The data argument must be an integer-type TypedArray", "TypeMismatchError");
      }
      const bytes = bytesOf(array);
      const length = typedLength(bytes);
      if (length > LARGEST_REQUEST) throw new DOMException(`The requested length exceeds ${LARGEST_REQUEST} bytes`, "QuotaExceededError");
      setBytes(bytes, randomBytes(length));
      return array;
    }

    randomUUID(): string {
      const bytes = randomBytes(16);
      bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
      bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
      const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    }

    get [Symbol.toStringTag](): string {
      return "Crypto";
    }
  }

  return { crypto: new Crypto(), Crypto, SubtleCrypto };
}

interface Base64Methods {
  toBase64(): string;
}

function toBase64(bytes: Uint8Array): string {
  return (bytes as unknown as Base64Methods).toBase64();
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return (Uint8Array as unknown as { fromBase64(text: string): Uint8Array<ArrayBuffer> }).fromBase64(text);
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (data instanceof RealmArrayBuffer) return new RealmUint8Array(data);
  if (!isView(data)) throw new TypeError("The data argument must be an ArrayBuffer, a TypedArray or a DataView");
  // As they are: an author may have put properties of these names on the view.
  return typedName(data) === undefined
    ? new RealmUint8Array(dataViewBuffer(data), dataViewOffset(data), dataViewLength(data))
    : new RealmUint8Array(typedBuffer(data), typedOffset(data), typedLength(data));
}
