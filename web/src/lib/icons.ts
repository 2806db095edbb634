/** Icons of islands: the symbols of `icons.svg`, which the server draws into pages by the same names. */

import { html, type TemplateResult } from "lit";
import { unsafeSVG } from "lit/directives/unsafe-svg.js";
import source from "../../icons.svg?raw";

const symbols = new Map(
  Array.from(
    new DOMParser().parseFromString(source, "image/svg+xml").querySelectorAll("symbol"),
    (symbol) => [symbol.id, symbol],
  ),
);

/** Draws an icon as decoration: the words beside it, or the button's label, say what it means. */
export function icon(name: string, kind = ""): TemplateResult {
  const symbol = symbols.get(name);
  if (symbol === undefined) throw new RangeError(`no icon is called ${name}`);
  const box = symbol.getAttribute("viewBox") ?? "";
  return html`<svg class="i ${kind}" viewBox=${box} aria-hidden="true">${unsafeSVG(symbol.innerHTML)}</svg>`;
}
