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

/** Fetches the open page once more, as it is now; null where the server does not answer. */
export function pageAgain(): Promise<Response | null> {
  return fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" }).catch(() => null);
}

/** Tells whether the server has another build by now than the open page; false where it can't be asked. */
export async function hasBeenReplaced(): Promise<boolean> {
  const response = await pageAgain();
  if (response === null || !response.ok || response.redirected) return false;
  return isOutdated(document, new DOMParser().parseFromString(await response.text(), "text/html"));
}
