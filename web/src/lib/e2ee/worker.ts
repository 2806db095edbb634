/**
 * The worker through which every encoded frame goes. Owns the joints between browser and `pipeline.ts`: frames
 * come by `RTCRtpScriptTransform`, or, in Chromium before 110, as streams passed from the page.
 */

import type { FromWorker, ToWorker } from "./messages";
import { type EncodedFrame, FramePipeline, type Route } from "./pipeline";

/** What `RTCRtpScriptTransform` starts in the worker (W3C WebRTC Encoded Transform, §5). */
interface RtcTransformEvent extends Event {
  readonly transformer: {
    readonly readable: ReadableStream<EncodedFrame>;
    readonly writable: WritableStream<EncodedFrame>;
    readonly options: Route;
  };
}

interface TransformScope {
  onrtctransform: ((event: RtcTransformEvent) => void) | null;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
}

const scope = self as unknown as TransformScope;
const pipeline = new FramePipeline();

scope.onrtctransform = ({ transformer }) => {
  void run(transformer.options, transformer.readable, transformer.writable);
};

scope.onmessage = ({ data }) => {
  void obey(data);
};

/** Settles when the connection has ended. */
async function run(
  route: Route,
  readable: ReadableStream<EncodedFrame>,
  writable: WritableStream<EncodedFrame>,
): Promise<void> {
  try {
    await readable.pipeThrough(pipeline.transform(route)).pipeTo(writable);
  } catch {
    // A connection that is closed breaks its streams; that is how they end.
  }
}

async function obey(message: ToWorker): Promise<void> {
  switch (message.type) {
    case "streams":
      await run(message.route, message.readable, message.writable);
      return;
    case "seal":
      await pipeline.seal(message.epoch, message.keys);
      return;
    case "pause":
      pipeline.pause();
      return;
    case "open":
      await pipeline.open(message.sender, message.media, message.epoch, message.key);
      return;
    case "forget":
      pipeline.forgetBefore(message.before);
      return;
    case "stop":
      pipeline.stop();
      return;
    case "count":
      scope.postMessage({ type: "counts", counts: pipeline.counts });
  }
}
