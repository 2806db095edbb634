import { html } from "lit";
import { expect, test, vi } from "vitest";
import { Screen } from "../src/lib/screen";

test("keeps what the server showed until the first drawing, and nothing of it afterwards", async () => {
  const frames: FrameRequestCallback[] = [];
  vi.stubGlobal("requestAnimationFrame", (frame: FrameRequestCallback) => frames.push(frame));
  const element = document.createElement("div");
  element.innerHTML = "<p>served</p>";
  const screen = new Screen(element, () => html`<b>drawn</b>`);
  expect(element.textContent).toBe("served");
  frames.pop()?.(0);
  expect(element.textContent).toBe("drawn");
  screen.redraw();
  frames.pop()?.(0);
  expect(element.textContent).toBe("drawn");
  screen.close();
  vi.unstubAllGlobals();
});
