/** Small pictures of every page, each fetched when it first comes into view. */

import { t } from "../../lib/i18n";

export class Thumbnails {
  readonly #element: HTMLElement;
  readonly #base: string;
  readonly #address: (page: number) => string;
  readonly #watcher: IntersectionObserver;

  constructor(element: HTMLElement, base: string, address: (page: number) => string) {
    this.#element = element;
    this.#base = base;
    this.#address = address;
    this.#watcher = new IntersectionObserver(
      (entries) => {
        for (const entry of entries) if (entry.isIntersecting) this.#fill(entry.target);
      },
      { root: element.closest(".r-left"), rootMargin: "200px" },
    );
  }

  /** Makes a place for each page. */
  show(count: number, current: number): void {
    this.#watcher.disconnect();
    const links = Array.from({ length: count }, (_, index) => {
      const page = index + 1;
      const link = document.createElement("a");
      link.className = "thumb";
      link.href = `${this.#base}?page=${page}`;
      link.dataset["goto"] = String(page);
      const frame = document.createElement("span");
      frame.className = "thumb-frame";
      link.append(frame, String(page));
      return link;
    });
    this.#element.replaceChildren(...links);
    for (const link of links) this.#watcher.observe(link);
    this.mark(current);
  }

  /** Marks the page that is shown and brings its place into view. */
  mark(page: number): void {
    this.#element.querySelector("[aria-current]")?.removeAttribute("aria-current");
    const link = this.#element.children[page - 1];
    link?.setAttribute("aria-current", "true");
    const scroller = this.#element.closest<HTMLElement>(".r-left");
    if (link instanceof HTMLElement && scroller !== null && scroller.offsetParent !== null) {
      scroller.scrollTop = link.offsetTop - scroller.offsetTop - scroller.clientHeight / 2;
    }
  }

  end(): void {
    this.#watcher.disconnect();
  }

  #fill(link: Element): void {
    this.#watcher.unobserve(link);
    const page = Number(link instanceof HTMLElement ? link.dataset["goto"] : 0);
    const image = new Image();
    image.alt = t("第 {page} 页缩略图", { page });
    image.draggable = false;
    image.addEventListener("load", () => link.querySelector(".thumb-frame")?.replaceChildren(image));
    image.src = this.#address(page);
  }
}
