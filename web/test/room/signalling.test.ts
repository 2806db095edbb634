/** The signalling connection against a socket that a test plays the server behind. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ConnectionLost, type Link, RequestRefused, Signalling } from "../../src/lib/room/signalling";
import type { ServerMessage } from "../../src/protocol";
import { FakeSocket } from "./socket";

let sockets: FakeSocket[];
let links: Link[];
let received: ServerMessage[];
let signalling: Signalling;

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  links = [];
  received = [];
  signalling = new Signalling({
    url: "wss://example.test/socket",
    received: (message) => received.push(message),
    linked: (link) => links.push(link),
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
  });
});

afterEach(() => {
  signalling.close();
  vi.useRealTimers();
});

function socket(): FakeSocket {
  const last = sockets[sockets.length - 1];
  if (last === undefined) throw new Error("no socket");
  return last;
}

function welcome(re: unknown): object {
  const now = "2026-09-28T01:12:00Z";
  const [meeting, you] = ["m".repeat(26), "a".repeat(26)];
  const times = { starts_at: now, ends_at: now, now };
  const place = {
    kind: "lawyer",
    status: "testing",
    resumed: false,
    guard_viewing: "off",
    watching: [],
    ice_servers: [],
  };
  return { type: "welcome", re, protocol: 2, meeting, you, ...place, ...times };
}

async function arrive(): Promise<void> {
  socket().connect();
  socket().say(welcome(socket().sent[0]?.["id"]));
  await vi.advanceTimersByTimeAsync(0);
}

test("it says hello and is open once welcomed", async () => {
  await arrive();
  expect(socket().sent[0]).toMatchObject({
    type: "hello",
    protocol: 2,
    instance: expect.stringMatching(/^.{43}$/),
  });
  expect(received.map(({ type }) => type)).toEqual(["welcome"]);
  expect(links[links.length - 1]).toEqual({ state: "open" });
});

test("each request gets its own answer, in whatever order they come", async () => {
  await arrive();
  const first = signalling.request({ type: "enter" });
  const second = signalling.request({ type: "call_officer" });
  const [a, b] = socket()
    .sent.slice(-2)
    .map(({ id }) => id);
  socket().say({ type: "error", re: b, code: "not-allowed", title: "不能", advice: "请稍候" });
  socket().say({ type: "accepted", re: a });
  await expect(first).resolves.toEqual({ type: "accepted", re: a });
  await expect(second).rejects.toThrow(RequestRefused);
  expect(received).toHaveLength(1);
});

test("a lost connection comes back as the same instance, after ever longer pauses", async () => {
  await arrive();
  const instance = sockets[0]?.sent[0]?.["instance"];
  for (const pause_ms of [500, 1000, 2000, 4000, 4000]) {
    const before = sockets.length;
    socket().hangUp(1006);
    await vi.advanceTimersByTimeAsync(pause_ms - 1);
    expect(sockets).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(sockets).toHaveLength(before + 1);
  }
  socket().connect();
  expect(socket().sent[0]?.["instance"]).toBe(instance);
  socket().say(welcome(socket().sent[0]?.["id"]));
  await vi.advanceTimersByTimeAsync(0);
  socket().hangUp(1006);
  const before = sockets.length;
  await vi.advanceTimersByTimeAsync(500);
  expect(sockets).toHaveLength(before + 1);
});

test("what waits for an answer learns that the connection is gone", async () => {
  await arrive();
  const request = signalling.request({ type: "enter" });
  socket().hangUp(1006);
  await expect(request).rejects.toThrow(ConnectionLost);
  await expect(signalling.request({ type: "enter" })).rejects.toThrow(ConnectionLost);
});

test("a server that does not answer pings is given up", async () => {
  await arrive();
  await vi.advanceTimersByTimeAsync(5000);
  expect(socket().sent[1]).toMatchObject({ type: "ping" });
  socket().say({ type: "pong", re: socket().sent[1]?.["id"], now: "2026-09-28T01:12:05Z" });
  await vi.advanceTimersByTimeAsync(5000);
  expect(socket().sent[2]).toMatchObject({ type: "ping" });
  await vi.advanceTimersByTimeAsync(5499);
  expect(sockets).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(sockets).toHaveLength(2);
});

test("a socket that never opens is given up", async () => {
  await vi.advanceTimersByTimeAsync(10_500);
  expect(sockets).toHaveLength(2);
});

test.each([4001, 4003, 4004, 4400])("after close code %i it does not come back", async (code) => {
  await arrive();
  socket().hangUp(code);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sockets).toHaveLength(1);
  expect(links[links.length - 1]).toEqual({ state: "closed", code });
});

test("told that it is too fast, it waits five seconds", async () => {
  await arrive();
  socket().hangUp(4008);
  await vi.advanceTimersByTimeAsync(4999);
  expect(sockets).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(sockets).toHaveLength(2);
});

test("a message that it can't read ends it", async () => {
  await arrive();
  socket().say({ type: "future" });
  expect(links[links.length - 1]).toEqual({ state: "closed", code: 4400 });
});

test("news on a former socket is no news", async () => {
  await arrive();
  const [former] = sockets;
  socket().hangUp(1006);
  await vi.advanceTimersByTimeAsync(500);
  former?.say({ type: "admitted" });
  expect(received.map(({ type }) => type)).toEqual(["welcome"]);
});
