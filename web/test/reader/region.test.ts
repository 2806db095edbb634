/** Drawing rectangles with pointer and keyboard. */

import { describe, expect, test } from "vitest";
import { between, FIRST_REGION, isRegion, nudged, parseRegion, SIDE_MIN } from "../../src/lib/reader/region";

const plain = { shiftKey: false, altKey: false };

test("corners make a rectangle in whichever order, kept on the page", () => {
  const expected = { x: 10, y: 20, width: 30, height: 5 };
  expect(between({ x: 10, y: 20 }, { x: 40, y: 25 })).toEqual(expected);
  expect(between({ x: 40, y: 25 }, { x: 10, y: 20 })).toEqual(expected);
  expect(between({ x: -50, y: 90 }, { x: 10, y: 190 })).toEqual({ x: 0, y: 90, width: 10, height: 10 });
});

test("a click is no region", () => {
  expect(isRegion(between({ x: 10, y: 20 }, { x: 10.1, y: 20.1 }))).toBe(false);
  expect(isRegion(FIRST_REGION)).toBe(true);
});

describe("the keyboard", () => {
  test.each([
    ["ArrowLeft", plain, { x: 29 }],
    ["ArrowDown", plain, { y: 31 }],
    ["ArrowRight", { ...plain, shiftKey: true }, { width: 41 }],
    ["ArrowUp", { ...plain, shiftKey: true }, { height: 5 }],
    ["ArrowRight", { ...plain, altKey: true }, { x: 30.2 }],
  ])("%s moves or sizes", (key, modifiers, change) => {
    expect(nudged(FIRST_REGION, { key, ...modifiers })).toEqual({ ...FIRST_REGION, ...change });
  });

  test("other keys change nothing", () => {
    expect(nudged(FIRST_REGION, { key: "a", ...plain })).toBeNull();
  });

  test.each(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"])("%s never leaves the page", (key) => {
    for (const shiftKey of [false, true]) {
      let region = FIRST_REGION;
      for (let turn = 0; turn < 300; turn += 1)
        region = nudged(region, { ...plain, key, shiftKey }) ?? region;
      expect(region.x).toBeGreaterThanOrEqual(0);
      expect(region.y).toBeGreaterThanOrEqual(0);
      expect(region.x + region.width).toBeLessThanOrEqual(100.01);
      expect(region.y + region.height).toBeLessThanOrEqual(100.01);
      expect(Math.min(region.width, region.height)).toBeGreaterThanOrEqual(SIDE_MIN);
    }
  });
});

test.each(["", "1,2,3", "a,b,c,d", "1,2,3,4,5", "90,0,20,10", "-1,0,10,10", "0,0,0,10", "NaN,0,1,1"])(
  "%j in a link is no region",
  (text) => {
    expect(parseRegion(text)).toBeNull();
  },
);

test("a link names a region", () => {
  expect(parseRegion("12,11.7,62,3.9")).toEqual({ x: 12, y: 11.7, width: 62, height: 3.9 });
});
