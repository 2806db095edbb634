/**
 * Puts what changed of a newly fetched page into the open one: the contents of each `[data-live="NAME"]`.
 *
 * Whoever is at work is left alone: a part in which something has been typed or chosen stays as it is, focus,
 * scrolling and opened details are kept, and an element with `data-keep` (a running picture) is carried over.
 */

const PART = "[data-live]";

/** Swaps the parts that differ; returns the names of those swapped. */
export function swap(open: Document, fresh: Document): string[] {
  const swapped: string[] = [];
  for (const part of open.querySelectorAll<HTMLElement>(PART)) {
    const name = part.dataset["live"] ?? "";
    const newer = fresh.querySelector<HTMLElement>(`[data-live="${CSS.escape(name)}"]`);
    if (newer === null || newer.innerHTML === shown(part) || isAtWork(part)) continue;
    replace(part, newer);
    swapped.push(name);
  }
  return swapped;
}

const lastShown = new WeakMap<HTMLElement, string>();

/** What the server last said the part contains; islands may have changed the live elements since. */
function shown(part: HTMLElement): string {
  return lastShown.get(part) ?? part.innerHTML;
}

function replace(part: HTMLElement, newer: HTMLElement): void {
  const said = newer.innerHTML;
  const focused = part.contains(part.ownerDocument.activeElement) ? part.ownerDocument.activeElement : null;
  const opened = [...part.querySelectorAll("details[open][id]")].map((details) => details.id);
  const { scrollLeft, scrollTop } = part;
  const children = [...newer.childNodes].map((node) => part.ownerDocument.importNode(node, true));
  const kept = new Map(
    [...part.querySelectorAll<HTMLElement>("[data-keep]")].map((element) => [
      element.dataset["keep"],
      element,
    ]),
  );
  part.replaceChildren(...children);
  for (const place of part.querySelectorAll<HTMLElement>("[data-keep]")) {
    const running = kept.get(place.dataset["keep"]);
    if (running !== undefined) place.replaceWith(running);
  }
  for (const id of opened) part.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  part.scrollTo({ left: scrollLeft, top: scrollTop });
  if (focused !== null) sameControl(part, focused)?.focus({ preventScroll: true });
  lastShown.set(part, said);
}

/** Tells whether somebody has typed or chosen something in the part that making it anew would lose. */
export function isAtWork(part: ParentNode): boolean {
  return [...part.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input, textarea")].some(
    (field) =>
      field instanceof HTMLInputElement && (field.type === "checkbox" || field.type === "radio")
        ? field.checked !== field.defaultChecked
        : field.value !== field.defaultValue,
  );
}

/** Finds the control that stands where `before` stood: by id, else by what it does. */
function sameControl(part: HTMLElement, before: Element): HTMLElement | null {
  if (before.id !== "") return part.querySelector(`#${CSS.escape(before.id)}`);
  const doing = (element: Element) =>
    ["href", "name", "value", "aria-label"].map((name) => element.getAttribute(name)).join("|") +
    (element.closest("form")?.getAttribute("action") ?? "");
  const wanted = doing(before);
  const candidates = part.querySelectorAll<HTMLElement>(before.tagName);
  return [...candidates].find((element) => doing(element) === wanted) ?? null;
}
