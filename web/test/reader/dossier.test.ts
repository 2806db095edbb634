/** What is read of a dossier, and what follows from it. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { ahead, isAnnotation, isChanges, isManifest, merged, pageOf } from "../../src/lib/reader/dossier";
import { Pictures } from "../../src/lib/reader/pictures";

const contract = JSON.parse(
  readFileSync(resolve(import.meta.dirname, "../../../tests/contract/dossier_messages.json"), "utf8"),
);

test("what Python says is understood", () => {
  expect(isAnnotation(contract.annotation)).toBe(true);
  expect(isChanges(contract.changes)).toBe(true);
  expect(isManifest(contract.manifest)).toBe(true);
});

test.each([
  ["37", 37],
  [" 5 ", 5],
  ["0", 1],
  ["9999", 186],
  ["", null],
  ["abc", null],
  ["-3", null],
  ["1.5", null],
  ["²", null],
])("%j in the page box", (typed, page) => {
  expect(pageOf(typed, 186)).toBe(page);
});

test("pages are fetched ahead in the direction of reading", () => {
  expect(ahead(5, 1, 10)).toEqual([6, 7, 4]);
  expect(ahead(5, -1, 10)).toEqual([4, 3, 6]);
  expect(ahead(10, 1, 10)).toEqual([9]);
  expect(ahead(1, 1, 1)).toEqual([]);
});

test("an older version never replaces a newer one, and the removed are not shown", () => {
  const newer = { ...contract.annotation, version: 3, comment: "新" };
  expect(merged([newer], [{ ...contract.annotation, version: 2 }])).toEqual([newer]);
  expect(merged([newer], [{ ...newer, version: 4, removed: true }])).toEqual([]);
});

test("a picture is fetched once, and one that failed is asked for again", async () => {
  const made: string[] = [];
  let fails = true;
  const pictures = new Pictures(
    (page, size) => `/${page}/${size}`,
    () => {
      const image = new Image();
      image.decode = () => {
        made.push(image.src);
        return fails ? Promise.reject(new Error("no")) : Promise.resolve();
      };
      return image;
    },
  );
  await expect(pictures.get(1, "reading")).rejects.toThrow("no");
  fails = false;
  await pictures.get(1, "reading");
  await pictures.get(1, "reading");
  expect(made.length).toBe(2);
  for (let page = 2; page < 40; page += 1) await pictures.get(page, "reading");
  expect(pictures.has(1, "reading")).toBe(false);
  expect(pictures.has(39, "reading")).toBe(true);
});
