/**
 * Frames of VP8 and Opus, sealed and opened one by one. Owns which octets stay clear, the sender's counter and
 * the receiver's memory of counters; leaves cryptography to `sframe.ts` and streams to `worker.ts`.
 *
 * A sealed frame is: clear octets, SFrame header, ciphertext, tag. The clear octets are authenticated.
 */

import { type Bytes, concat } from "../bytes";
import { decodeHeader, decrypt, encrypt, type FrameKey, MalformedFrame } from "./sframe";

/** The kinds of media, each with a key of its own: who may only see is given no audio key. */
export type MediaKind = "audio" | "video";

/** Frames that one key seals at the most: far below AES-GCM's bounds, years above any meeting. */
const FRAMES_PER_KEY = 1n << 32n;

/** Counters behind the newest that may still arrive: 20 s of audio, half a minute of video. */
const REPLAY_WINDOW = 1024;

const VP8_KEY_FRAME_CLEAR_OCTETS = 10;
const VP8_DELTA_FRAME_CLEAR_OCTETS = 3;

/**
 * Counts the octets of a frame that stay readable.
 *
 * VP8 keeps its frame tag (RFC 6386 §9.1), from whose lowest bit packetiser and forwarder tell key frames, and
 * in a key frame also start code and picture size. Sender and receiver read the same bit, not what their
 * browser says about the frame. Opus keeps nothing: its first octet would tell speech from music.
 */
export function clearOctets(kind: MediaKind, frame: Uint8Array): number {
  if (kind === "audio") return 0;
  const isKeyFrame = ((frame[0] ?? 0) & 0x1) === 0;
  const clear = isKeyFrame ? VP8_KEY_FRAME_CLEAR_OCTETS : VP8_DELTA_FRAME_CLEAR_OCTETS;
  return Math.min(clear, frame.length);
}

/** The key has sealed as many frames as it may. */
export class KeyExhausted extends Error {}

/** Seals one sender's frames of one kind in one epoch. There is one sealer a key: two would repeat counters. */
export class Sealer {
  readonly #kind: MediaKind;
  readonly #key: FrameKey;
  #next = 0n;

  constructor(kind: MediaKind, key: FrameKey) {
    this.#kind = kind;
    this.#key = key;
  }

  /**
   * Seals a frame. A counter is spent whether or not this succeeds.
   *
   * @throws KeyExhausted where the key has done its part.
   */
  async seal(frame: Bytes): Promise<Bytes> {
    if (this.#next >= FRAMES_PER_KEY) throw new KeyExhausted();
    const counter = this.#next;
    this.#next += 1n;
    const clear = frame.slice(0, clearOctets(this.#kind, frame));
    return concat(clear, await encrypt(this.#key, counter, frame.slice(clear.length), clear));
  }
}

/** Why a frame was not opened. */
export type Refusal = "no-key" | "malformed" | "replayed" | "forged";

/** A frame that must not reach the decoder. */
export class FrameRefused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal);
    this.refusal = refusal;
  }
}

/** Opens one sender's frames of one kind, with the keys of the epochs now valid. */
export class Opener {
  readonly #kind: MediaKind;
  readonly #keys = new Map<bigint, { readonly key: FrameKey; readonly seen: ReplayWindow }>();

  constructor(kind: MediaKind) {
    this.#kind = kind;
  }

  /** Accepts frames of `key` from now on; a key known already keeps its memory of counters. */
  add(key: FrameKey): void {
    if (!this.#keys.has(key.kid)) this.#keys.set(key.kid, { key, seen: new ReplayWindow(REPLAY_WINDOW) });
  }

  /** Accepts only frames of key ids not below `kid` from now on. */
  forgetBefore(kid: bigint): void {
    for (const known of this.#keys.keys()) if (known < kid) this.#keys.delete(known);
  }

  /**
   * Opens a sealed frame.
   *
   * @throws FrameRefused with the reason.
   */
  async open(sealed: Bytes): Promise<Bytes> {
    const clear = sealed.slice(0, clearOctets(this.#kind, sealed));
    const octets = sealed.slice(clear.length);
    const header = readHeader(octets);
    const entry = this.#keys.get(header.kid);
    if (entry === undefined) throw new FrameRefused("no-key");
    if (!entry.seen.isFresh(header.counter)) throw new FrameRefused("replayed");
    const plaintext = await decrypt(entry.key, header, octets, clear).catch((error: unknown) => {
      throw new FrameRefused(error instanceof MalformedFrame ? "malformed" : "forged");
    });
    entry.seen.mark(header.counter);
    return concat(clear, plaintext);
  }
}

function readHeader(octets: Bytes): ReturnType<typeof decodeHeader> {
  try {
    return decodeHeader(octets);
  } catch {
    throw new FrameRefused("malformed");
  }
}

/** Remembers the counters of authentic frames, as far back as `size` (RFC 9605 §9.3). */
export class ReplayWindow {
  readonly #size: number;
  readonly #seen: BigInt64Array;
  #newest = -1n;

  constructor(size: number) {
    this.#size = size;
    this.#seen = new BigInt64Array(size).fill(-1n);
  }

  /** Tells whether a counter is new and not older than the window. */
  isFresh(counter: bigint): boolean {
    if (counter >= FRAMES_PER_KEY || counter <= this.#newest - BigInt(this.#size)) return false;
    return this.#seen[this.#slot(counter)] !== counter;
  }

  /** Remembers a fresh counter whose frame was authentic. */
  mark(counter: bigint): void {
    this.#seen[this.#slot(counter)] = counter;
    if (counter > this.#newest) this.#newest = counter;
  }

  #slot(counter: bigint): number {
    return Number(counter % BigInt(this.#size));
  }
}
