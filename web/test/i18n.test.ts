/** The words of the interface in both languages. */

import { expect, test } from "vitest";
import { loadWords, t } from "../src/lib/i18n";

test("Chinese is the source and needs no catalogue", async () => {
  await loadWords("zh-CN");
  expect(t("第 {page} 页", { page: 3 })).toBe("第 3 页");
});

test("English comes from the catalogue, and what it lacks stays Chinese", async () => {
  await loadWords("en");
  expect(t("文件太大")).toBe("The file is too large");
  expect(t("没有译文的一句 {name}", { name: "周某" })).toBe("没有译文的一句 周某");
});
