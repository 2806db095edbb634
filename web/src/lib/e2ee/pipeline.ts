/**
 * What the worker does with encoded frames: seals and opens them, drops what it can't, and counts. Owns the keys
 * of one page; knows no worker and no browser API but streams, so tests run it as it is.
 *
 * It fails closed. A frame leaves only sealed; without a key it is dropped, and so is a frame that does not
 * open. Nothing is ever passed on as it came.
 */

import type { Bytes } from "../bytes";
import { FrameRefused, type MediaKind, Opener, type Refusal, Sealer } from "./frames";
import { deriveFrameKey } from "./sframe";

/** A way out, of one connection. */
interface RouteOut {
  readonly direction: "out";
  readonly media: MediaKind;
}

/** Which frames a stream carries: this page's own on their way out, or one sender's on their way in. */
export type Route =
  | RouteOut
  | { readonly direction: "in"; readonly media: MediaKind; readonly sender: string }
  /** A direction that is not used: whatever comes is dropped. */
  | { readonly direction: "none"; readonly media: MediaKind };

/** An encoded frame, as far as it concerns us (`RTCEncodedVideoFrame`, `RTCEncodedAudioFrame`). */
export interface EncodedFrame {
  data: ArrayBuffer;
}

/** Frames of one kind since the page was loaded. */
export interface Counts {
  sealed: number;
  /** Sealed of the newest stream on the way out: the browser's sums, too, begin anew with each connection. */
  sealedOfNewest: number;
  opened: number;
  /** Not sent: there was no key to seal them with. */
  dropped: number;
  refused: Record<Refusal, number>;
}

/** Counts of all senders together, by kind. */
export type AllCounts = Readonly<Record<MediaKind, Counts>>;

function noCounts(): Counts {
  const refused = { "no-key": 0, malformed: 0, replayed: 0, forged: 0 };
  return { sealed: 0, sealedOfNewest: 0, opened: 0, dropped: 0, refused };
}

/** Seals and opens the frames of one page. */
export class FramePipeline {
  readonly #counts: Record<MediaKind, Counts> = { audio: noCounts(), video: noCounts() };
  readonly #newest = new Map<MediaKind, RouteOut>();
  readonly #sealers = new Map<MediaKind, Sealer>();
  readonly #openers = new Map<string, Opener>();
  #sealingEpoch = 0;
  #isStopped = false;

  /** Frames so far. */
  get counts(): AllCounts {
    return this.#counts;
  }

  /**
   * Seals with these keys from now on; a medium without a key is dropped. An epoch that is not newer than the
   * one in use changes nothing: a sealer that began again would repeat its counters.
   */
  async seal(epoch: number, keys: Readonly<Partial<Record<MediaKind, Bytes>>>): Promise<void> {
    if (epoch <= this.#sealingEpoch) return;
    this.#sealingEpoch = epoch;
    this.#sealers.clear();
    for (const media of ["audio", "video"] as const) {
      const key = keys[media];
      if (key === undefined) continue;
      const frameKey = await deriveFrameKey(key, BigInt(epoch));
      if (this.#sealingEpoch === epoch) this.#sealers.set(media, new Sealer(media, frameKey));
    }
  }

  /** Seals nothing until the next epoch's keys come. */
  pause(): void {
    this.#sealers.clear();
  }

  /** Opens a sender's frames of one epoch with this key. */
  async open(sender: string, media: MediaKind, epoch: number, key: Bytes): Promise<void> {
    this.#opener(sender, media).add(await deriveFrameKey(key, BigInt(epoch)));
  }

  /** Opens no frames of earlier epochs any more. */
  forgetBefore(epoch: number): void {
    for (const opener of this.#openers.values()) opener.forgetBefore(BigInt(epoch));
  }

  /** Seals and opens nothing any more, whatever comes. */
  stop(): void {
    this.#isStopped = true;
    this.#sealers.clear();
    this.#openers.clear();
  }

  /** Makes the stream that frames of a route go through. */
  transform(route: Route): TransformStream<EncodedFrame, EncodedFrame> {
    if (route.direction === "out") {
      this.#newest.set(route.media, route);
      this.#counts[route.media].sealedOfNewest = 0;
    }
    return new TransformStream({
      transform: async (frame, controller) => {
        const data = await this.#pass(route, new Uint8Array(frame.data));
        if (data === undefined) return;
        frame.data = data.buffer;
        controller.enqueue(frame);
      },
    });
  }

  async #pass(route: Route, data: Bytes): Promise<Bytes | undefined> {
    if (this.#isStopped || data.length === 0) return undefined;
    switch (route.direction) {
      case "out":
        return this.#sealFrame(route, data);
      case "in":
        return this.#openFrame(route.sender, route.media, data);
      case "none":
        return undefined;
    }
  }

  async #sealFrame(route: RouteOut, data: Bytes): Promise<Bytes | undefined> {
    const counts = this.#counts[route.media];
    const sealed = await this.#sealers
      .get(route.media)
      ?.seal(data)
      .catch(() => undefined);
    if (sealed === undefined) counts.dropped += 1;
    else {
      counts.sealed += 1;
      if (this.#newest.get(route.media) === route) counts.sealedOfNewest += 1;
    }
    return sealed;
  }

  async #openFrame(sender: string, media: MediaKind, data: Bytes): Promise<Bytes | undefined> {
    const counts = this.#counts[media];
    try {
      const opened = await this.#opener(sender, media).open(data);
      counts.opened += 1;
      return opened;
    } catch (error) {
      counts.refused[error instanceof FrameRefused ? error.refusal : "malformed"] += 1;
      return undefined;
    }
  }

  #opener(sender: string, media: MediaKind): Opener {
    const name = `${sender} ${media}`;
    const opener = this.#openers.get(name) ?? new Opener(media);
    this.#openers.set(name, opener);
    return opener;
  }
}
