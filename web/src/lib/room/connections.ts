/**
 * The peer connections of a meeting: one for what this page sends, one for each participant that it receives.
 * Owns offers, answers and trying again; every transceiver is led through the vault in the task that makes it.
 * The client offers, the server answers, nothing is renegotiated: who needs a change makes a new connection.
 */

import type { IceServer } from "../../protocol";
import type { MediaKind } from "../e2ee/frames";
import type { Vault } from "../e2ee/vault";
import { withDiscreetOpus, withoutAudioLevel } from "./sdp";

const VIDEO_BITS_PER_S = 1_200_000;
const AUDIO_BITS_PER_S = 32_000;
const RETRY_AFTER_MS = [500, 1000, 2000, 4000];
/** How long a connection may be silent before it is made anew; a change of network takes about as long. */
const DISCONNECTED_FOR_MS = 4000;
const VIDEO_CODECS = ["video/vp8", "video/rtx"];

/** Sends an offer to the server and gives its answer. */
export type Negotiate = (sdp: string) => Promise<string>;

/** Where a connection stands. */
export type Flow = "connecting" | "connected" | "interrupted";

/** What every connection of a stay goes through. */
export interface Lines {
  readonly vault: Vault;
  /** Relays for a network that lets nothing reach the server's media port; mostly there are none. */
  readonly iceServers: readonly IceServer[];
}

/** What a connection is made of. */
interface Parts {
  readonly lines: Lines;
  /** Adds the transceivers and leads each through the vault, all in one task. */
  readonly furnish: (connection: RTCPeerConnection) => void;
  readonly negotiate: Negotiate;
  readonly flowing: (flow: Flow) => void;
}

/** A connection that is made again whenever it fails, until it is closed. */
export class Connection {
  readonly #parts: Parts;
  #connection: RTCPeerConnection | undefined;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    void this.#make();
  }

  /** The browser's connection of this moment, for its statistics. */
  get current(): RTCPeerConnection | undefined {
    return this.#connection;
  }

  /** Makes it anew, as after the server lost it. */
  renew(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#attempt = 0;
    void this.#make();
  }

  /** Ends it for good. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #make(): Promise<void> {
    this.#connection?.close();
    const { vault, iceServers } = this.#parts.lines;
    const connection = vault.connection({
      bundlePolicy: "max-bundle",
      rtcpMuxPolicy: "require",
      iceServers: iceServers.map(({ urls, username, credential }) => ({
        urls: [...urls],
        username,
        credential,
      })),
    });
    this.#connection = connection;
    this.#parts.furnish(connection);
    this.#parts.flowing("connecting");
    connection.onconnectionstatechange = () => this.#watch(connection);
    try {
      const offer = await connection.createOffer();
      const sdp = withoutAudioLevel(offer.sdp ?? "");
      await connection.setLocalDescription({ type: "offer", sdp });
      const answer = await this.#parts.negotiate(sdp);
      if (connection !== this.#connection) return;
      await connection.setRemoteDescription({ type: "answer", sdp: withDiscreetOpus(answer) });
    } catch {
      // Refused, or the signalling is away: both may pass.
      this.#retry(connection);
    }
  }

  #watch(connection: RTCPeerConnection): void {
    if (connection !== this.#connection) return;
    clearTimeout(this.#timer);
    switch (connection.connectionState) {
      case "connected":
        this.#attempt = 0;
        this.#parts.flowing("connected");
        return;
      case "disconnected":
        this.#parts.flowing("interrupted");
        this.#timer = setTimeout(() => this.#retry(connection), DISCONNECTED_FOR_MS);
        return;
      case "failed":
        this.#retry(connection);
        return;
      default:
    }
  }

  #retry(connection: RTCPeerConnection): void {
    if (connection !== this.#connection || this.#isClosed) return;
    this.#parts.flowing("interrupted");
    const delay = RETRY_AFTER_MS[Math.min(this.#attempt, RETRY_AFTER_MS.length - 1)];
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#make(), delay);
  }
}

/** Sends the tracks of `stream`. */
export function publish(
  lines: Lines,
  stream: MediaStream,
  negotiate: Negotiate,
  flowing: (flow: Flow) => void,
): Connection {
  const furnish = (connection: RTCPeerConnection): void => {
    for (const track of stream.getTracks()) {
      const media = track.kind === "audio" ? "audio" : "video";
      const transceiver = connection.addTransceiver(track, {
        direction: "sendonly",
        streams: [stream],
        sendEncodings: [{ maxBitrate: media === "audio" ? AUDIO_BITS_PER_S : VIDEO_BITS_PER_S }],
      });
      lines.vault.protectSending(transceiver, media);
      prefer(transceiver, media, RTCRtpSender.getCapabilities(media));
    }
  };
  return new Connection({ lines, furnish, negotiate, flowing });
}

/** Receives `media` of one participant into `stream`. */
export function subscribe(
  lines: Lines,
  sender: string,
  media: readonly MediaKind[],
  stream: MediaStream,
  negotiate: Negotiate,
  flowing: (flow: Flow) => void,
): Connection {
  const furnish = (connection: RTCPeerConnection): void => {
    for (const former of stream.getTracks()) stream.removeTrack(former);
    for (const each of media) {
      const transceiver = connection.addTransceiver(each, { direction: "recvonly" });
      lines.vault.protectReceiving(transceiver, each, sender);
      prefer(transceiver, each, RTCRtpReceiver.getCapabilities(each));
      stream.addTrack(transceiver.receiver.track);
    }
  };
  return new Connection({ lines, furnish, negotiate, flowing });
}

/** Offers VP8 as the only video codec: it is the one whose frames can be sealed and still be forwarded. */
function prefer(transceiver: RTCRtpTransceiver, media: MediaKind, known: RTCRtpCapabilities | null): void {
  if (media === "audio" || known === null) return;
  const wanted = known.codecs.filter(({ mimeType }) => VIDEO_CODECS.includes(mimeType.toLowerCase()));
  transceiver.setCodecPreferences(wanted);
}
