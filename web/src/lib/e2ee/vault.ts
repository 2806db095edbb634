/**
 * The page's side of the frame worker: makes peer connections whose media can't leave or arrive but through it.
 * Owns how frames are led to the worker in each browser; leaves keys to `exchange.ts`.
 *
 * Two traps, both met in Chromium: a transform attached in a later task than the one that made its transceiver
 * never runs, and media flows unprotected with perfect picture and sound. So connections are made with
 * `encodedInsertableStreams`, which sends nothing where no transform is attached, and `protect` is called in
 * the very task that adds a transceiver, for both of its directions.
 */

import type { Bytes } from "../bytes";
import type { MediaKeys } from "./agreement";
import type { KeySink } from "./exchange";
import type { MediaKind } from "./frames";
import type { FromWorker, ToWorker } from "./messages";
import type { AllCounts, EncodedFrame, Route } from "./pipeline";

/** How frames reach the worker in this browser; with `none` there is no meeting. */
export type Joint = "script-transform" | "encoded-streams" | "none";

interface EncodedStreams {
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
}

/** What Chromium before 110 has instead of transforms. */
interface Encodable {
  createEncodedStreams?(): EncodedStreams;
}

type Transformable = (RTCRtpSender | RTCRtpReceiver) & Encodable & { transform?: unknown };

/** Tells how frames can reach the worker here. */
export function jointOf(scope: object): Joint {
  if ("RTCRtpScriptTransform" in scope) return "script-transform";
  const sender: unknown = Reflect.get(scope, "RTCRtpSender");
  const hasStreams = typeof sender === "function" && "createEncodedStreams" in sender.prototype;
  return hasStreams ? "encoded-streams" : "none";
}

/** This browser can't protect media. */
export class Unprotectable extends Error {}

/** Holds the worker of one page. */
export class Vault implements KeySink {
  readonly joint: Joint;
  readonly #worker: Worker;

  /**
   * Starts the worker; `failed` is told when it breaks down, after which nothing is sent or shown any more.
   *
   * @throws Unprotectable where this browser has no way to lead frames through it
   */
  constructor(failed: () => void, joint: Joint = jointOf(globalThis)) {
    if (joint === "none") throw new Unprotectable();
    this.joint = joint;
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    this.#worker.onerror = failed;
  }

  /** Makes a connection that sends and shows nothing unless it is protected. */
  connection(configuration: RTCConfiguration): RTCPeerConnection {
    const withStreams = { ...configuration, encodedInsertableStreams: true };
    return new RTCPeerConnection(withStreams);
  }

  /** Leads what a transceiver sends through the worker, and drops what comes back on it. */
  protectSending(transceiver: RTCRtpTransceiver, media: MediaKind): void {
    this.#attach(transceiver.sender, { direction: "out", media });
    this.#attach(transceiver.receiver, { direction: "none", media });
  }

  /** Leads what a transceiver receives from `sender` through the worker, and drops what would go out on it. */
  protectReceiving(transceiver: RTCRtpTransceiver, media: MediaKind, sender: string): void {
    this.#attach(transceiver.receiver, { direction: "in", media, sender });
    this.#attach(transceiver.sender, { direction: "none", media });
  }

  #attach(end: Transformable, route: Route): void {
    if (this.joint === "script-transform") {
      end.transform = new RTCRtpScriptTransform(this.#worker, route);
      return;
    }
    const streams = end.createEncodedStreams?.();
    if (streams === undefined) throw new Unprotectable();
    const { readable, writable } = streams;
    this.#tell({ type: "streams", route, readable, writable }, [readable, writable]);
  }

  seal(epoch: number, keys: MediaKeys): void {
    this.#tell({ type: "seal", epoch, keys });
  }

  pause(): void {
    this.#tell({ type: "pause" });
  }

  open(sender: string, media: MediaKind, epoch: number, key: Bytes): void {
    this.#tell({ type: "open", sender, media, epoch, key });
  }

  forgetBefore(epoch: number): void {
    this.#tell({ type: "forget", before: epoch });
  }

  stop(): void {
    this.#tell({ type: "stop" });
  }

  /** Asks for the frames so far. */
  count(): Promise<AllCounts> {
    return new Promise((resolve) => {
      const take = ({ data }: MessageEvent<FromWorker>): void => resolve(data.counts);
      this.#worker.addEventListener("message", take, { once: true });
      this.#tell({ type: "count" });
    });
  }

  /** Ends the worker, and with it every key. */
  close(): void {
    this.#worker.terminate();
  }

  #tell(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}
