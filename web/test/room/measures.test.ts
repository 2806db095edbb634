/** Small pure things of a meeting: descriptions, statistics, loudness, faults, the leak alarm. */

import { describe, expect, test } from "vitest";
import { FramePipeline } from "../../src/lib/e2ee/pipeline";
import { faultOf, levelOf } from "../../src/lib/room/devices";
import { isLeaking } from "../../src/lib/room/meeting";
import { qualityOf, type Sample, sampleOf } from "../../src/lib/room/network";
import { withDiscreetOpus, withoutAudioLevel } from "../../src/lib/room/sdp";

const AUDIO = [
  "m=audio 9 UDP/TLS/RTP/SAVPF 111 63",
  "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
  "a=extmap:2 urn:ietf:params:rtp-hdrext:sdes:mid",
  "a=rtpmap:111 opus/48000/2",
  "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1",
  "a=rtpmap:63 red/48000/2",
  "a=fmtp:63 111/111",
  "",
].join("\r\n");

describe("session descriptions", () => {
  test("tell no audio level, and keep the other extensions", () => {
    const sdp = withoutAudioLevel(AUDIO);
    expect(sdp).not.toContain("audio-level");
    expect(sdp).toContain("sdes:mid\r\na=rtpmap:111");
  });

  test("ask our encoder for a constant rate without pauses, and keep what else was said", () => {
    const sdp = withDiscreetOpus(AUDIO);
    expect(sdp).toContain("a=fmtp:111 minptime=10;useinbandfec=1;cbr=1;usedtx=0;stereo=0\r\n");
    expect(sdp).toContain("a=fmtp:63 111/111\r\n");
    expect(withDiscreetOpus(sdp)).toBe(sdp);
  });

  test("get a format line for Opus where they have none, and stay as they are without Opus", () => {
    expect(withDiscreetOpus("a=rtpmap:96 opus/48000/2\r\n")).toContain(
      "a=fmtp:96 cbr=1;usedtx=0;stereo=0\r\n",
    );
    expect(withDiscreetOpus("a=rtpmap:96 VP8/90000\r\n")).toBe("a=rtpmap:96 VP8/90000\r\n");
  });
});

describe("the network", () => {
  const quiet: Sample = {
    round_trip_ms: undefined,
    received: 0,
    receivedLost: 0,
    sentLost: 0,
    audioPacketsSent: 0,
    videoPacketsSent: 0,
  };

  test("is sampled over all connections", () => {
    const sample = sampleOf([
      { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.052 },
      { type: "candidate-pair", nominated: false, currentRoundTripTime: 9 },
      { type: "inbound-rtp", packetsReceived: 90, packetsLost: 10 },
      { type: "inbound-rtp", packetsReceived: 10, packetsLost: 0 },
      { type: "remote-inbound-rtp", fractionLost: 0.02 },
      { type: "outbound-rtp", kind: "audio", packetsSent: 50, retransmittedPacketsSent: 5 },
      { type: "outbound-rtp", kind: "video", packetsSent: 500, framesSent: 24 },
    ]);
    expect(sample).toEqual({
      round_trip_ms: 52,
      received: 100,
      receivedLost: 10,
      sentLost: 0.02,
      audioPacketsSent: 45,
      videoPacketsSent: 500,
    });
  });

  test.each([
    ["good", { round_trip_ms: 52, received: 1000, receivedLost: 0 }],
    ["fair", { round_trip_ms: 400, received: 1000, receivedLost: 0 }],
    ["fair", { round_trip_ms: 52, received: 950, receivedLost: 50 }],
    ["fair", { sentLost: 0.1 }],
    ["poor", { round_trip_ms: 900 }],
    ["poor", { received: 800, receivedLost: 200 }],
  ] as const)("is %s with %j", (grade, measured) => {
    expect(qualityOf(undefined, { ...quiet, ...measured }).grade).toBe(grade);
  });

  test("is judged by what happened since the last look", () => {
    const before = { ...quiet, received: 100, receivedLost: 100 };
    expect(qualityOf(before, { ...before, received: 300 })).toMatchObject({ grade: "good", lost: 0 });
  });
});

test("more audio sent than sealed is a leak, and so is video before any was sealed; a few packets are not", () => {
  const { counts } = new FramePipeline();
  const sealed = { ...counts, audio: { ...counts.audio, sealedOfNewest: 100 } };
  const sample = { round_trip_ms: 1, received: 0, receivedLost: 0, sentLost: 0 };
  expect(isLeaking({ ...sample, audioPacketsSent: 120, videoPacketsSent: 0 }, sealed)).toBe(false);
  expect(isLeaking({ ...sample, audioPacketsSent: 200, videoPacketsSent: 0 }, sealed)).toBe(true);
  expect(isLeaking({ ...sample, audioPacketsSent: 0, videoPacketsSent: 60 }, sealed)).toBe(true);
  const both = { ...sealed, video: { ...counts.video, sealedOfNewest: 1 } };
  expect(isLeaking({ ...sample, audioPacketsSent: 0, videoPacketsSent: 600 }, both)).toBe(false);
});

test("a leak after a new connection is noticed, however much the earlier ones sealed", () => {
  const { counts } = new FramePipeline();
  const long = { ...counts.audio, sealed: 90_000 };
  const sample = { round_trip_ms: 1, received: 0, receivedLost: 0, sentLost: 0 };
  const before = { audio: long, video: { ...counts.video, sealed: 45_000 } };
  expect(isLeaking({ ...sample, audioPacketsSent: 60, videoPacketsSent: 0 }, before)).toBe(true);
  expect(isLeaking({ ...sample, audioPacketsSent: 0, videoPacketsSent: 60 }, before)).toBe(true);
});

test.each([
  [0, 0],
  [1, 1],
  [0.001, 0],
  [0.0316, 0.5],
])("samples of %f are as loud as %f", (amplitude, level) => {
  expect(levelOf(new Float32Array(64).fill(amplitude))).toBeCloseTo(level, 2);
});

test.each([
  ["NotAllowedError", "denied"],
  ["NotFoundError", "missing"],
  ["NotReadableError", "busy"],
  ["TypeError", "other"],
] as const)("%s means that the device is %s", (name, fault) => {
  expect(faultOf(name)).toBe(fault);
});
