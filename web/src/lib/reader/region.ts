/** Rectangles on a page, and how pointer and keyboard draw them. Pure; no DOM. */

/** 0–100 of the page's width (x, width) or height (y, height) as displayed; the origin is its top left. */
export type Percent = number;

/** A rectangle on a page. */
export interface Region {
  readonly x: Percent;
  readonly y: Percent;
  readonly width: Percent;
  readonly height: Percent;
}

/** A place on a page. */
export interface Point {
  readonly x: Percent;
  readonly y: Percent;
}

/** Less is a click, not a region; the server refuses below 0.2. */
export const SIDE_MIN: Percent = 0.5;
const STEP: Percent = 1;
const FINE_STEP: Percent = 0.2;

/** Where the keyboard begins: a box in the upper middle. */
export const FIRST_REGION: Region = { x: 30, y: 30, width: 40, height: 6 };

/** The rectangle between two corners, in whichever order, kept on the page. */
export function between(a: Point, b: Point): Region {
  const [left, right] = ordered(inside(a.x), inside(b.x));
  const [top, bottom] = ordered(inside(a.y), inside(b.y));
  return rounded({ x: left, y: top, width: right - left, height: bottom - top });
}

/** Whether a region is large enough to mean something. */
export function isRegion(region: Region): boolean {
  return region.width >= SIDE_MIN && region.height >= SIDE_MIN;
}

/** How a key changes a region: arrows move it, with Shift they size it, with Alt by less; other keys don't. */
export function nudged(
  region: Region,
  key: { readonly key: string; readonly shiftKey: boolean; readonly altKey: boolean },
): Region | null {
  const step = key.altKey ? FINE_STEP : STEP;
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key.key];
  if (way === undefined) return null;
  const [dx = 0, dy = 0] = way.map((each) => each * step);
  if (key.shiftKey) {
    return rounded({
      ...region,
      width: clamped(region.width + dx, SIDE_MIN, 100 - region.x),
      height: clamped(region.height + dy, SIDE_MIN, 100 - region.y),
    });
  }
  return rounded({
    ...region,
    x: clamped(region.x + dx, 0, 100 - region.width),
    y: clamped(region.y + dy, 0, 100 - region.height),
  });
}

/** Reads `x,y,width,height` of a deep link; null if it is none. */
export function parseRegion(text: string): Region | null {
  const sides = text.split(",").map(Number);
  const [x, y, width, height] = sides;
  if (sides.length !== 4 || sides.some((side) => !Number.isFinite(side))) return null;
  if (x === undefined || y === undefined || width === undefined || height === undefined) return null;
  const fits = x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= 100 && y + height <= 100;
  return fits ? { x, y, width, height } : null;
}

function inside(value: number): Percent {
  return clamped(value, 0, 100);
}

function ordered(a: number, b: number): [number, number] {
  return a <= b ? [a, b] : [b, a];
}

function clamped(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

function rounded(region: Region): Region {
  const hundredths = (value: number) => Math.round(value * 100) / 100;
  return {
    x: hundredths(region.x),
    y: hundredths(region.y),
    width: hundredths(region.width),
    height: hundredths(region.height),
  };
}
