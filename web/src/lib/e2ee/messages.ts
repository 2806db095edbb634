/** What page and worker say to each other. */

import type { Bytes } from "../bytes";
import type { MediaKeys } from "./agreement";
import type { MediaKind } from "./frames";
import type { AllCounts, EncodedFrame, Route } from "./pipeline";

/** From the page. Keys go this way and never come back. */
export type ToWorker =
  | {
      readonly type: "streams";
      readonly route: Route;
      readonly readable: ReadableStream<EncodedFrame>;
      readonly writable: WritableStream<EncodedFrame>;
    }
  | { readonly type: "seal"; readonly epoch: number; readonly keys: MediaKeys }
  | { readonly type: "pause" }
  | {
      readonly type: "open";
      readonly sender: string;
      readonly media: MediaKind;
      readonly epoch: number;
      readonly key: Bytes;
    }
  | { readonly type: "forget"; readonly before: number }
  | { readonly type: "stop" }
  | { readonly type: "count" };

/** From the worker. */
export interface FromWorker {
  readonly type: "counts";
  readonly counts: AllCounts;
}
