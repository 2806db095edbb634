import { expect, test } from "vitest";
import { remaining, size } from "../../src/lib/reader/amounts";

test.each([
  [0, "0 KB"],
  [1500, "2 KB"],
  [12_900_000, "12.3 MB"],
  [389_000_000, "371 MB"],
])("%d bytes are %s", (bytes, words) => {
  expect(size(bytes)).toBe(words);
});

test.each([
  [0.2, "约剩 1 秒"],
  [59, "约剩 59 秒"],
  [61, "约剩 2 分钟"],
])("%d seconds are %s", (seconds, words) => {
  expect(remaining(seconds)).toBe(words);
});
