import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Line } from "../src/lib/live/line";

class Socket extends EventTarget {
  static readonly made: Socket[] = [];
  constructor(_url: string) {
    super();
    Socket.made.push(this);
  }
  close(): void {
    this.drop(1000);
  }
  drop(code: number): void {
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }
  say(type: "open" | "message"): void {
    this.dispatchEvent(new Event(type));
  }
}

const listener = { heard: vi.fn(), away: vi.fn(), dismissed: vi.fn() };
const last = () => Socket.made.at(-1) as Socket;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Socket);
  Socket.made.length = 0;
  vi.clearAllMocks();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a page looks at what happened between its making and the opening of the line", () => {
  const line = new Line("ws://here/live", listener);
  expect(listener.heard).not.toHaveBeenCalled();
  last().say("open");
  expect(listener.heard).toHaveBeenCalledTimes(1);
  line.end();
});

test("a line that dropped comes back, and then the page looks at once what it missed", () => {
  const line = new Line("ws://here/live", listener);
  last().say("open");
  last().drop(1006);
  expect(listener.away).toHaveBeenLastCalledWith(true);
  vi.advanceTimersByTime(1_200);
  expect(Socket.made).toHaveLength(2);
  last().say("open");
  expect(listener.away).toHaveBeenLastCalledWith(false);
  expect(listener.heard).toHaveBeenCalledTimes(2);
  line.end();
});

test("a page that is looked at again does not wait for its turn", () => {
  const line = new Line("ws://here/live", listener);
  last().drop(1006);
  line.hurry();
  expect(Socket.made).toHaveLength(2);
  line.hurry();
  expect(Socket.made).toHaveLength(2);
  line.end();
});

test("a reader who lost the permission is sent away and not connected again", () => {
  const line = new Line("ws://here/live", listener);
  last().say("open");
  last().drop(1008);
  expect(listener.dismissed).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(60_000);
  expect(Socket.made).toHaveLength(1);
  line.end();
});

test("a line that was ended stays silent", () => {
  const line = new Line("ws://here/live", listener);
  line.end();
  vi.advanceTimersByTime(60_000);
  expect(Socket.made).toHaveLength(1);
  expect(listener.away).not.toHaveBeenCalled();
});
