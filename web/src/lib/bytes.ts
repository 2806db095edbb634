/** Bytes as the key agreement and the frames need them: joined, numbered, compared, written as text. */

/** Bytes in memory of their own, which Web Crypto accepts. */
export type Bytes = Uint8Array<ArrayBuffer>;

const OCTET_BITS = 8n;

/** Joins parts in order. */
export function concat(...parts: readonly ArrayLike<number>[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Writes text as UTF-8. */
export function utf8(text: string): Bytes {
  return concat(new TextEncoder().encode(text));
}

/** Writes a number, not negative, in `length` octets, big-endian. */
export function bigEndian(value: bigint, length: number): Bytes {
  const octets = new Uint8Array(length);
  for (let index = length - 1, rest = value; index >= 0; index -= 1, rest >>= OCTET_BITS) {
    octets[index] = Number(rest & 0xffn);
  }
  return octets;
}

/** Reads a big-endian number. */
export function fromBigEndian(octets: Uint8Array): bigint {
  return octets.reduce((value, octet) => (value << OCTET_BITS) | BigInt(octet), 0n);
}

/** Tells whether two values are the same, octet for octet. They are public: time may tell where they differ. */
export function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((octet, index) => octet === right[index]);
}

/** Writes bytes as base64url without padding (RFC 4648 §5). */
export function toBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (octet) => String.fromCharCode(octet)).join("");
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/**
 * Reads base64url without padding.
 *
 * @throws RangeError where the text has another form.
 */
export function fromBase64Url(text: string): Bytes {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) throw new RangeError("not base64url");
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** Makes unpredictable bytes. */
export function random(octets: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(octets));
}
