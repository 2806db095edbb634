import { html, render } from "lit";
import { expect, test, vi } from "vitest";
import { shows } from "../src/lib/shows";

test("a video is given its stream once, however often it is drawn, and another one when it changes", () => {
  const place = document.createElement("div");
  const [first, second] = [{}, {}] as [MediaStream, MediaStream];
  const draw = (stream: MediaStream | undefined): void => {
    render(html`<video ${shows(stream)}></video>`, place);
  };
  draw(undefined);
  const video = place.querySelector("video");
  if (video === null) throw new Error("no video");
  let shown: unknown = null;
  const given = vi.fn((stream: unknown) => {
    shown = stream;
  });
  Object.defineProperty(video, "srcObject", { get: () => shown, set: given });
  for (const stream of [first, first, first, second, second, undefined]) draw(stream);
  expect(given.mock.calls.map(([stream]) => stream)).toEqual([first, second, null]);
});
