import { beforeEach, expect, test } from "vitest";
import { isOutdated } from "../src/lib/live/build";
import { wait_ms } from "../src/lib/live/line";
import { swap } from "../src/lib/live/swap";

function page(html: string): Document {
  return new DOMParser().parseFromString(`<!doctype html><body>${html}</body>`, "text/html");
}

beforeEach(() => {
  document.body.innerHTML = "";
});

test("only the parts that differ are swapped", () => {
  document.body.innerHTML = '<p data-live="a">old</p><p data-live="b">same</p><p>outside</p>';
  const same = document.querySelector('[data-live="b"]')?.firstChild;
  expect(swap(document, page('<p data-live="a">new</p><p data-live="b">same</p><p>changed</p>'))).toEqual([
    "a",
  ]);
  expect(document.body.textContent).toBe("newsameoutside");
  expect(document.querySelector('[data-live="b"]')?.firstChild).toBe(same);
});

test("what somebody is typing is not taken from them", () => {
  document.body.innerHTML = '<form data-live="a"><input name="text" value=""></form>';
  const input = document.querySelector("input");
  if (input !== null) input.value = "half a sentence";
  expect(swap(document, page('<form data-live="a"><input name="text" value=""><p>more</p></form>'))).toEqual(
    [],
  );
  expect(document.querySelector("input")?.value).toBe("half a sentence");
});

test("focus stays on the same button of the same form, and opened details stay open", () => {
  const row = (id: string) =>
    `<form action="/bookings/${id}/confirm"><button>ok</button></form><details id="d${id}"><summary>x</summary></details>`;
  document.body.innerHTML = `<div data-live="a">${row("1")}</div>`;
  document.querySelector("button")?.focus();
  document.querySelector("details")?.setAttribute("open", "");
  swap(document, page(`<div data-live="a">${row("0")}${row("1")}</div>`));
  expect(document.activeElement?.closest("form")?.getAttribute("action")).toBe("/bookings/1/confirm");
  expect(document.querySelector("#d1")?.hasAttribute("open")).toBe(true);
  expect(document.querySelector("#d0")?.hasAttribute("open")).toBe(false);
});

test("a running picture is carried over", () => {
  const tile = '<figure data-keep="watch-m"><div></div></figure>';
  document.body.innerHTML = `<div data-live="a">${tile}</div>`;
  const running = document.querySelector("figure");
  running?.append("picture");
  swap(document, page(`<div data-live="a"><p>new</p>${tile}</div>`));
  expect(document.querySelector("figure")).toBe(running);
  expect(document.body.textContent).toBe("newpicture");
});

test("a part that an island has filled since is not swapped for the same words of the server", () => {
  document.body.innerHTML = '<p data-live="a">1</p>';
  const fresh = () => page('<p data-live="a">2<b></b></p>');
  swap(document, fresh());
  document.querySelector("b")?.append("filled");
  expect(swap(document, fresh())).toEqual([]);
  expect(document.body.textContent).toBe("2filled");
});

test("each attempt waits longer, up to half a minute", () => {
  const waits = [0, 1, 2, 3, 4, 5, 6].map((n) => wait_ms(n, () => 0));
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16000, 30000, 30000]);
  expect(wait_ms(0, () => 1)).toBe(1200);
});

test("a page of another build is outdated, and only if both say which they are", () => {
  const of = (build: string | null) => page(build === null ? "" : `<meta name="build" content="${build}">`);
  expect(isOutdated(of("a1"), of("b2"))).toBe(true);
  expect(isOutdated(of("a1"), of("a1"))).toBe(false);
  expect(isOutdated(of("a1"), of(null))).toBe(false);
  expect(isOutdated(of(""), of("b2"))).toBe(false);
});
