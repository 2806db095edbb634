/** The frame pipeline: what goes in must come out sealed, opened, or not at all. */

import { beforeEach, describe, expect, test } from "vitest";
import type { MediaKind } from "../../src/lib/e2ee/frames";
import { type EncodedFrame, FramePipeline, type Route } from "../../src/lib/e2ee/pipeline";

const SENDER = "a".repeat(26);
const AUDIO_KEY = new Uint8Array(32).fill(1);
const VIDEO_KEY = new Uint8Array(32).fill(2);
const KEYS = { audio: AUDIO_KEY, video: VIDEO_KEY };
const FRAME = Uint8Array.from({ length: 50 }, (_, index) => index + 1);

let sender: FramePipeline;
let receiver: FramePipeline;
beforeEach(() => {
  sender = new FramePipeline();
  receiver = new FramePipeline();
});

/** Passes frames through one route and gives what comes out. */
async function pass(
  pipeline: FramePipeline,
  route: Route,
  frames: readonly Uint8Array[],
): Promise<Uint8Array[]> {
  const { readable, writable } = pipeline.transform(route);
  const writer = writable.getWriter();
  const written = (async () => {
    for (const frame of frames) await writer.write({ data: frame.slice().buffer } satisfies EncodedFrame);
    await writer.close();
  })();
  const passed: Uint8Array[] = [];
  const reader = readable.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    passed.push(new Uint8Array(next.value.data));
  }
  await written;
  return passed;
}

function out(media: MediaKind, frames: readonly Uint8Array[] = [FRAME]): Promise<Uint8Array[]> {
  return pass(sender, { direction: "out", media }, frames);
}

function into(media: MediaKind, frames: readonly Uint8Array[], from = SENDER): Promise<Uint8Array[]> {
  return pass(receiver, { direction: "in", media, sender: from }, frames);
}

describe.each(["audio", "video"] as const)("%s", (media) => {
  test("without a key nothing is sent", async () => {
    expect(await out(media)).toEqual([]);
    expect(sender.counts[media]).toMatchObject({ sealed: 0, dropped: 1 });
  });

  test("with keys at both ends frames arrive as they were, and both ends count them", async () => {
    await sender.seal(1, KEYS);
    await receiver.open(SENDER, media, 1, KEYS[media]);
    expect(await into(media, await out(media, [FRAME, FRAME]))).toEqual([FRAME, FRAME]);
    expect(sender.counts[media].sealed).toBe(2);
    expect(receiver.counts[media].opened).toBe(2);
  });

  test("each new way out is counted from nothing, and a late frame of an earlier one is not counted there", async () => {
    await sender.seal(1, KEYS);
    await out(media, [FRAME, FRAME]);
    const former = sender.transform({ direction: "out", media });
    expect(sender.counts[media]).toMatchObject({ sealed: 2, sealedOfNewest: 0 });
    await out(media, [FRAME]);
    const reading = former.readable.getReader().read();
    await former.writable.getWriter().write({ data: FRAME.slice().buffer });
    await reading;
    expect(sender.counts[media]).toMatchObject({ sealed: 4, sealedOfNewest: 1 });
  });

  test("without a key, or with a wrong one, nothing is shown", async () => {
    await sender.seal(1, KEYS);
    expect(await into(media, await out(media))).toEqual([]);
    await receiver.open(SENDER, media, 1, new Uint8Array(32).fill(9));
    expect(await into(media, await out(media))).toEqual([]);
    expect(receiver.counts[media].refused).toMatchObject({ "no-key": 1, forged: 1 });
    expect(receiver.counts[media].opened).toBe(0);
  });

  test("plain frames of a sender that does not seal are not shown", async () => {
    await receiver.open(SENDER, media, 1, KEYS[media]);
    expect(await into(media, [FRAME, FRAME.map(() => 0), new Uint8Array(), FRAME.slice(0, 1)])).toEqual([]);
  });

  test("one person's frames are not shown as another's", async () => {
    await sender.seal(1, KEYS);
    await receiver.open(SENDER, media, 1, KEYS[media]);
    await receiver.open("b".repeat(26), media, 1, new Uint8Array(32).fill(9));
    expect(await into(media, await out(media), "b".repeat(26))).toEqual([]);
  });

  test("a direction that is not used carries nothing", async () => {
    await sender.seal(1, KEYS);
    expect(await pass(sender, { direction: "none", media }, [FRAME])).toEqual([]);
  });

  test("a pause lasts until the next epoch", async () => {
    await sender.seal(1, KEYS);
    sender.pause();
    await sender.seal(1, KEYS);
    expect(await out(media)).toEqual([]);
    await sender.seal(2, KEYS);
    expect(await out(media)).toHaveLength(1);
  });

  test("after a stop nothing goes in or out, whatever keys come", async () => {
    await sender.seal(1, KEYS);
    const sealed = await out(media);
    for (const pipeline of [sender, receiver]) pipeline.stop();
    await sender.seal(2, KEYS);
    await receiver.open(SENDER, media, 1, KEYS[media]);
    expect(await out(media)).toEqual([]);
    expect(await into(media, sealed)).toEqual([]);
  });
});

test("who may only see holds no audio key, and hears nothing", async () => {
  await sender.seal(1, KEYS);
  await receiver.open(SENDER, "video", 1, VIDEO_KEY);
  expect(await into("video", await out("video"))).toEqual([FRAME]);
  expect(await into("audio", await out("audio"))).toEqual([]);
});

test("a medium without a key is dropped while the other is sealed", async () => {
  await sender.seal(1, { video: VIDEO_KEY });
  expect(await out("audio")).toEqual([]);
  expect(await out("video")).toHaveLength(1);
});

test("frames of the former epoch open until it is forgotten", async () => {
  await sender.seal(1, KEYS);
  const early = await out("audio", [FRAME, FRAME]);
  await receiver.open(SENDER, "audio", 1, AUDIO_KEY);
  await receiver.open(SENDER, "audio", 2, VIDEO_KEY);
  expect(await into("audio", early.slice(0, 1))).toEqual([FRAME]);
  receiver.forgetBefore(2);
  expect(await into("audio", early.slice(1))).toEqual([]);
});
