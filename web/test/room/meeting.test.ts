/** A meeting as one page lives it, against a socket that a test plays the server behind. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Meeting } from "../../src/lib/room/meeting";
import { FakeSocket } from "./socket";

let sockets: FakeSocket[];
let meeting: Meeting;

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  vi.stubGlobal(
    "WebSocket",
    class extends FakeSocket {
      constructor() {
        super();
        sockets.push(this);
      }
    },
  );
  meeting = new Meeting("wss://example.test/socket", () => undefined);
});

afterEach(() => {
  meeting.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Connects the newest socket and welcomes whoever says hello there. */
function welcome(resumed: boolean): FakeSocket {
  const socket = sockets[sockets.length - 1];
  if (socket === undefined) throw new Error("no socket");
  socket.connect();
  const now = "2026-09-28T01:12:00Z";
  const [id, you] = ["m".repeat(26), "a".repeat(26)];
  const times = { starts_at: now, ends_at: now, now };
  const place = {
    kind: "recipient",
    status: "testing",
    resumed,
    guard_viewing: "off",
    watching: [],
    ice_servers: [],
  };
  socket.say({
    type: "welcome",
    re: socket.sent[0]?.["id"],
    protocol: 2,
    meeting: id,
    you,
    ...times,
    ...place,
  });
  return socket;
}

test("who wanted in while the connection was away asks again when it is back", () => {
  welcome(false).hangUp(1006);
  meeting.enter(undefined);
  vi.advanceTimersByTime(500);
  expect(welcome(true).sent.map(({ type }) => type)).toEqual(["hello", "enter"]);
});

/** Loses the connection and finds a server whose pages are of this build. */
async function comeBackTo(build: string): Promise<void> {
  document.head.innerHTML = '<meta name="build" content="this">';
  vi.stubGlobal("fetch", async () => new Response(`<meta name="build" content="${build}">`));
  const before = welcome(false);
  await vi.advanceTimersByTimeAsync(1);
  before.hangUp(1006);
  await vi.advanceTimersByTimeAsync(500);
  expect(meeting.state.isOutdated).toBe(false);
  welcome(true);
  await vi.advanceTimersByTimeAsync(1);
}

test("who comes back to a newer server is told, and stays in the meeting", async () => {
  await comeBackTo("newer");
  expect(meeting.state.isOutdated).toBe(true);
  expect(meeting.state.link.state).toBe("open");
});

test("who comes back to the same server is told nothing", async () => {
  await comeBackTo("this");
  expect(meeting.state.isOutdated).toBe(false);
});
