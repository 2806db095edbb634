/**
 * Tells whether an open page was made for another build than the one that the server has now: its scripts may then
 * not understand what the server sends.
 */

const NAMED = 'meta[name="build"]';

/** Tells whether two pages are of different builds; a page that names none, as an error's, tells nothing. */
export function isOutdated(open: Document, fresh: Document): boolean {
  const [mine, current] = [open, fresh].map((page) => page.querySelector<HTMLMetaElement>(NAMED)?.content);
  return Boolean(mine) && Boolean(current) && mine !== current;
}
