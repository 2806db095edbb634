/**
 * SFrame (RFC 9605): header, key schedule, encryption of one frame. Owns the wire form; leaves to `frames.ts`
 * which octets of a codec stay clear and which counters were seen.
 *
 * One cipher suite: AES_128_GCM_SHA256_128 (0x0004), all of which Web Crypto has had since before Chromium 86.
 * The counter-mode suites would save up to 12 octets a frame, for a second pass of HMAC over every frame.
 */

import { type Bytes, bigEndian, concat, fromBigEndian, utf8 } from "../bytes";

const CIPHER_SUITE = 0x0004n;
const KEY_OCTETS = 16;
const NONCE_OCTETS = 12;
/** Octets of the authentication tag at the end of a ciphertext. */
export const TAG_OCTETS = 16;

/** A sender's key for one kind of media in one epoch (RFC 9605 §4.4.2). */
export interface FrameKey {
  readonly kid: bigint;
  readonly key: CryptoKey;
  readonly salt: Bytes;
}

/** What stands before a ciphertext (RFC 9605 §4.3). */
export interface Header {
  readonly kid: bigint;
  readonly counter: bigint;
  /** Octets that the header takes. */
  readonly length: number;
}

/** The octets are no SFrame header, or nothing follows it. */
export class MalformedFrame extends Error {}

/** Writes a header: the config octet, then key id and counter unless they fit into it (RFC 9605 §4.3). */
export function encodeHeader(kid: bigint, counter: bigint): Bytes {
  const [kidBits, kidOctets] = encodeField(kid);
  const [counterBits, counterOctets] = encodeField(counter);
  return concat([(kidBits << 4) | counterBits], kidOctets, counterOctets);
}

/** Gives the four config bits of a number, and the octets that follow where it is above 7. */
function encodeField(value: bigint): [bits: number, octets: Uint8Array] {
  if (value < 8n) return [Number(value), new Uint8Array()];
  const length = Math.ceil(value.toString(16).length / 2);
  return [0x8 | (length - 1), bigEndian(value, length)];
}

/**
 * Reads the header at the start of `octets`.
 *
 * @throws MalformedFrame where they end too soon.
 */
export function decodeHeader(octets: Uint8Array): Header {
  const config = octets[0];
  if (config === undefined) throw new MalformedFrame("empty");
  const [kid, afterKid] = decodeField(octets, config >> 4, 1);
  const [counter, length] = decodeField(octets, config & 0xf, afterKid);
  return { kid, counter, length };
}

function decodeField(octets: Uint8Array, bits: number, start: number): [value: bigint, end: number] {
  if ((bits & 0x8) === 0) return [BigInt(bits), start];
  const end = start + (bits & 0x7) + 1;
  if (octets.length < end) throw new MalformedFrame("short header");
  return [fromBigEndian(octets.subarray(start, end)), end];
}

/** Derives key and salt of `kid` from a sender's base key (RFC 9605 §4.4.2). */
export async function deriveFrameKey(baseKey: Bytes, kid: bigint): Promise<FrameKey> {
  const secret = await crypto.subtle.importKey("raw", baseKey, "HKDF", false, ["deriveBits", "deriveKey"]);
  const algorithm = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array() };
  const suite = concat(bigEndian(kid, 8), bigEndian(CIPHER_SUITE, 2));
  const key = await crypto.subtle.deriveKey(
    { ...algorithm, info: concat(utf8("SFrame 1.0 Secret key "), suite) },
    secret,
    { name: "AES-GCM", length: KEY_OCTETS * 8 },
    false,
    ["encrypt", "decrypt"],
  );
  const info = concat(utf8("SFrame 1.0 Secret salt "), suite);
  const salt = await crypto.subtle.deriveBits({ ...algorithm, info }, secret, NONCE_OCTETS * 8);
  return { kid, key, salt: new Uint8Array(salt) };
}

/**
 * Encrypts one frame: header, ciphertext, tag (RFC 9605 §4.4.3). `metadata` is authenticated and not sent.
 *
 * Nonce and associated data come from key id, counter and metadata alone, never from SSRC or timestamp: the
 * forwarder rewrites those on each hop. The caller never uses a counter twice with one key.
 */
export async function encrypt(
  frameKey: FrameKey,
  counter: bigint,
  plaintext: Bytes,
  metadata: Bytes,
): Promise<Bytes> {
  const header = encodeHeader(frameKey.kid, counter);
  const parameters = gcmParameters(frameKey, counter, concat(header, metadata));
  const ciphertext = await crypto.subtle.encrypt(parameters, frameKey.key, plaintext);
  return concat(header, new Uint8Array(ciphertext));
}

/**
 * Decrypts what `encrypt` gave, whose header has been read (RFC 9605 §4.4.4).
 *
 * @throws MalformedFrame where no tag can be in it.
 * @throws DOMException where it was not made with this key, counter and metadata.
 */
export async function decrypt(
  frameKey: FrameKey,
  header: Header,
  octets: Bytes,
  metadata: Bytes,
): Promise<Bytes> {
  if (octets.length < header.length + TAG_OCTETS) throw new MalformedFrame("no tag");
  const associated = concat(octets.subarray(0, header.length), metadata);
  const parameters = gcmParameters(frameKey, header.counter, associated);
  const ciphertext = octets.subarray(header.length);
  return new Uint8Array(await crypto.subtle.decrypt(parameters, frameKey.key, ciphertext));
}

function gcmParameters(frameKey: FrameKey, counter: bigint, additionalData: Bytes): AesGcmParams {
  const iv = bigEndian(counter, NONCE_OCTETS).map((octet, index) => octet ^ (frameKey.salt[index] ?? 0));
  return { name: "AES-GCM", iv, additionalData, tagLength: TAG_OCTETS * 8 };
}
