import { beforeEach, describe, expect, test } from "vitest";
import {
  clearOctets,
  FrameRefused,
  type MediaKind,
  Opener,
  ReplayWindow,
  Sealer,
} from "../../src/lib/e2ee/frames";
import { deriveFrameKey, type FrameKey } from "../../src/lib/e2ee/sframe";

const BASE_KEY = Uint8Array.from({ length: 16 }, (_, index) => index);
const KEY_FRAME = Uint8Array.from({ length: 400 }, (_, index) => (index === 0 ? 0x10 : index % 251));
const DELTA_FRAME = Uint8Array.from({ length: 60 }, (_, index) => (index === 0 ? 0x11 : index));

let key: FrameKey;
beforeEach(async () => {
  key = await deriveFrameKey(BASE_KEY, 7n);
});

function refusal(name: string): FrameRefused {
  return expect.objectContaining({ refusal: name }) as FrameRefused;
}

test.each<[MediaKind, string, Uint8Array, number]>([
  ["video", "a key frame", KEY_FRAME, 10],
  ["video", "a delta frame", DELTA_FRAME, 3],
  ["video", "a stump of a key frame", KEY_FRAME.subarray(0, 4), 4],
  ["audio", "any frame", DELTA_FRAME, 0],
])("%s: %s keeps its clear octets", (kind, _what, frame, expected) => {
  expect(clearOctets(kind, frame)).toBe(expected);
});

describe("sealing and opening", () => {
  test.each<[MediaKind, Uint8Array<ArrayBuffer>]>([
    ["video", KEY_FRAME],
    ["video", DELTA_FRAME],
    ["audio", DELTA_FRAME],
    ["audio", new Uint8Array([1, 2])],
  ])(
    "a %s frame comes out as it went in, and only its clear octets stand as they were",
    async (kind, frame) => {
      const opener = new Opener(kind);
      opener.add(key);
      const sealed = await new Sealer(kind, key).seal(frame);
      const clear = clearOctets(kind, frame);
      expect(sealed.subarray(0, clear)).toEqual(frame.subarray(0, clear));
      expect(sealed.subarray(-frame.length)).not.toEqual(frame);
      expect(await opener.open(sealed)).toEqual(frame);
    },
  );

  test("the same frame is never sealed twice alike", async () => {
    const sealer = new Sealer("audio", key);
    expect(await sealer.seal(DELTA_FRAME)).not.toEqual(await sealer.seal(DELTA_FRAME));
  });

  test("a wrong key opens nothing", async () => {
    const opener = new Opener("video");
    opener.add(await deriveFrameKey(new Uint8Array(16).fill(9), 7n));
    const sealed = await new Sealer("video", key).seal(KEY_FRAME);
    await expect(opener.open(sealed)).rejects.toEqual(refusal("forged"));
  });

  test("an audio frame does not open as video, for each kind has its own key", async () => {
    const opener = new Opener("video");
    opener.add(await deriveFrameKey(new Uint8Array(16).fill(9), 8n));
    await expect(opener.open(await new Sealer("audio", key).seal(DELTA_FRAME))).rejects.toThrow(FrameRefused);
  });

  test("a change of any one octet is noticed, the clear ones included", async () => {
    const sealed = await new Sealer("video", key).seal(DELTA_FRAME);
    for (let index = 0; index < sealed.length; index += 1) {
      const opener = new Opener("video");
      opener.add(key);
      const changed = sealed.map((octet, at) => (at === index ? octet ^ 0x40 : octet));
      await expect(opener.open(changed)).rejects.toThrow(FrameRefused);
    }
  });

  test("a frame cut short anywhere is refused without an error of another kind", async () => {
    const sealed = await new Sealer("video", key).seal(DELTA_FRAME);
    const opener = new Opener("video");
    opener.add(key);
    for (let length = 0; length < sealed.length; length += 1) {
      await expect(opener.open(sealed.slice(0, length))).rejects.toThrow(FrameRefused);
    }
    expect(await opener.open(sealed)).toEqual(DELTA_FRAME);
  });

  test("a frame opens once", async () => {
    const opener = new Opener("audio");
    opener.add(key);
    const sealed = await new Sealer("audio", key).seal(DELTA_FRAME);
    await opener.open(sealed);
    opener.add(key);
    await expect(opener.open(sealed)).rejects.toEqual(refusal("replayed"));
  });

  test("a forgotten key opens nothing more, the next one does", async () => {
    const next = await deriveFrameKey(BASE_KEY, 9n);
    const opener = new Opener("audio");
    opener.add(key);
    opener.add(next);
    opener.forgetBefore(9n);
    await expect(opener.open(await new Sealer("audio", key).seal(DELTA_FRAME))).rejects.toEqual(
      refusal("no-key"),
    );
    expect(await opener.open(await new Sealer("audio", next).seal(DELTA_FRAME))).toEqual(DELTA_FRAME);
  });
});

describe("the replay window", () => {
  test("admits late counters once, and none older than itself", () => {
    const window = new ReplayWindow(8);
    for (const counter of [0n, 1n, 5n, 9n]) window.mark(counter);
    const fresh = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 8n, 9n, 10n].filter((counter) => window.isFresh(counter));
    expect(fresh).toEqual([2n, 3n, 4n, 6n, 8n, 10n]);
  });

  test("a counter beyond what a key may seal is refused, so it can't push the window away", () => {
    expect(new ReplayWindow(8).isFresh(1n << 32n)).toBe(false);
  });
});
