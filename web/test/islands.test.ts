import { beforeEach, expect, test, vi } from "vitest";
import { type Island, Mounter } from "../src/lib/islands";

const end = vi.fn();
const clock: Island = {
  mount(element) {
    element.textContent = "10:30";
    return end;
  },
};
const islands = new Map([["clock", () => Promise.resolve(clock)]]);

beforeEach(() => {
  end.mockClear();
  document.body.innerHTML = '<p data-island="clock">—</p>';
});

test("an island is mounted once, however often its page is looked at", async () => {
  const mount = vi.spyOn(clock, "mount");
  const mounter = new Mounter(islands);
  await mounter.mountWithin(document);
  await mounter.mountWithin(document);
  expect(mount).toHaveBeenCalledTimes(1);
  expect(document.body.textContent).toBe("10:30");
});

test("an island is ended when its element has left the page", async () => {
  const mounter = new Mounter(islands);
  await mounter.mountWithin(document);
  await mounter.sweep();
  expect(end).not.toHaveBeenCalled();
  document.body.replaceChildren();
  await mounter.sweep();
  expect(end).toHaveBeenCalledTimes(1);
});

test("an unknown island is reported after the others were mounted", async () => {
  document.body.insertAdjacentHTML("afterbegin", '<p data-island="nobody">text</p>');
  await expect(new Mounter(islands).mountWithin(document)).rejects.toThrow("no island is called nobody");
  expect(document.body.textContent).toBe("text10:30");
});
