/** What the server tells of a dossier: `tests/contract/dossier_messages.json` shows each message. */

import { flag, integer, list, nullable, object, oneOf, type Shape, type Shaped, text } from "../shape";

export const PAGES_MAX = 5000;
const ANNOTATIONS_MAX = 100_000;

/** What annotations mark; each has its own fixed colour: 黄事实 红疑点 绿有利 蓝程序. */
export const MEANINGS = ["fact", "doubt", "favourable", "procedure"] as const;
export type Meaning = (typeof MEANINGS)[number];
export const COLOURS: Readonly<Record<Meaning, string>> = {
  fact: "y",
  doubt: "r",
  favourable: "g",
  procedure: "b",
};

/** Tells whether a word is one of the meanings. */
export const isMeaning: Shape<Meaning> = oneOf(...MEANINGS);

const percent: Shape<number> = (value): value is number =>
  typeof value === "number" && value >= 0 && value <= 100;
const length_pt: Shape<number> = (value): value is number => typeof value === "number" && value > 0;
const person = object({ id: text(), name: text() });

export const isAnnotation = object({
  id: text(/^[0-9a-z]{26}$/),
  page: integer(1, PAGES_MAX),
  region: object({ x: percent, y: percent, width: percent, height: percent }),
  meaning: isMeaning,
  comment: text(),
  author: person,
  changed_by: person,
  changed_at: text(),
  version: integer(1, Number.MAX_SAFE_INTEGER),
  revision: integer(0, Number.MAX_SAFE_INTEGER),
  removed: flag,
});
export type Annotation = Shaped<typeof isAnnotation>;

export const isChanges = object({
  revision: integer(0, Number.MAX_SAFE_INTEGER),
  annotations: list(isAnnotation, ANNOTATIONS_MAX),
});

export const isManifest = object({
  status: oneOf("received", "ready", "refused"),
  page_count: nullable(integer(1, PAGES_MAX)),
  revision: integer(0, Number.MAX_SAFE_INTEGER),
  outline: list(object({ level: integer(1, PAGES_MAX), title: text(), page: integer(1, PAGES_MAX) }), 2000),
  pages: list(
    object({
      number: integer(1, PAGES_MAX),
      width_pt: length_pt,
      height_pt: length_pt,
      problem: nullable(oneOf("damaged", "too_complex")),
    }),
    PAGES_MAX,
  ),
});
export type Manifest = Shaped<typeof isManifest>;
export type PageEntry = Manifest["pages"][number];

/** The page that a typed number means: nonsense is null, too much is the last, too little the first. */
export function pageOf(typed: string, count: number): number | null {
  const digits = typed.trim();
  if (!/^[0-9]{1,9}$/.test(digits)) return null;
  return Math.max(1, Math.min(Number(digits), count));
}

/** Which pages to fetch ahead, the likeliest first, when a reader came to `page` going `direction`. */
export function ahead(page: number, direction: 1 | -1, count: number): readonly number[] {
  return [page + direction, page + 2 * direction, page - direction].filter(
    (each) => each >= 1 && each <= count,
  );
}

/** Annotations as one sees them: by page and place, the removed left out, the newest of each. */
export function merged(known: readonly Annotation[], changed: readonly Annotation[]): readonly Annotation[] {
  const all = new Map(known.map((each) => [each.id, each]));
  for (const each of changed) {
    const earlier = all.get(each.id);
    if (earlier === undefined || earlier.version <= each.version) all.set(each.id, each);
  }
  return [...all.values()]
    .filter((each) => !each.removed)
    .sort((a, b) => a.page - b.page || a.region.y - b.region.y || a.region.x - b.region.x);
}
