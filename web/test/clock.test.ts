import { expect, test } from "vitest";
import { moment, running } from "../src/lib/clock";

const MONDAY = Date.UTC(2026, 8, 28, 1, 12);

test("a moment is told in China's time, as the server tells it", () => {
  expect(moment(MONDAY, "zh-CN")).toBe("9月28日 周一 09:12");
  expect(moment(MONDAY, "en")).toBe("Mon 28 Sep 09:12");
  expect(moment(Date.UTC(2026, 8, 27, 16), "zh-CN")).toBe("9月28日 周一 00:00");
});

test("a countdown ends at zero", () => {
  expect(running(278_000)).toBe("4:38");
  expect(running(1)).toBe("0:01");
  expect(running(-5_000)).toBe("0:00");
});
