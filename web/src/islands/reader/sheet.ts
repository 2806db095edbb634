/** The page as it lies on the desk: its picture, the regions over it, and drawing a new one. */

import { t } from "../../lib/i18n";
import { type Annotation, COLOURS, type Meaning } from "../../lib/reader/dossier";
import { between, FIRST_REGION, isRegion, nudged, type Point, type Region } from "../../lib/reader/region";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH_MAX_PX = 1000;

/** What a sheet tells its owner. */
export interface SheetListener {
  drawn(region: Region): void;
  cancelled(): void;
  chosen(annotation: Annotation): void;
  announce(words: string): void;
}

export class Sheet {
  readonly #outer: HTMLElement;
  readonly #inner = document.createElement("div");
  readonly #overlay = document.createElementNS(SVG, "svg");
  readonly #listener: SheetListener;
  readonly #ending = new AbortController();
  #annotations: readonly Annotation[] = [];
  readonly #words: Readonly<Record<Meaning, string>>;
  #current: string | null = null;
  #draft: Region | null = null;
  #meaning: Meaning | null = null;
  #from: Point | null = null;
  #zoom = 1;
  #quarters = 0;

  constructor(outer: HTMLElement, words: Readonly<Record<Meaning, string>>, listener: SheetListener) {
    this.#outer = outer;
    this.#words = words;
    this.#listener = listener;
    this.#inner.className = "r-sheet";
    this.#overlay.setAttribute("class", "overlay");
    this.#overlay.setAttribute("aria-hidden", "true");
    this.#inner.append(...outer.childNodes, this.#overlay);
    outer.append(this.#inner);
    const { signal } = this.#ending;
    this.#inner.addEventListener("pointerdown", (event) => this.#begin(event), { signal });
    this.#inner.addEventListener("pointermove", (event) => this.#extend(event), { signal });
    this.#inner.addEventListener("pointerup", (event) => this.#finish(event), { signal });
    this.#inner.addEventListener("pointercancel", () => this.#abandon(), { signal });
    window.addEventListener("resize", () => this.#lay(), { signal });
    this.#lay();
  }

  /** The picture that the server drew into the page, if it did. */
  get first(): HTMLImageElement | null {
    return this.#inner.querySelector("img");
  }

  /** Shows a picture of the page, or none; its size in points reserves the room before it is there. */
  show(picture: HTMLImageElement | null, size: { width_pt: number; height_pt: number }, alt: string): void {
    const old = this.#inner.querySelector("img");
    if (picture !== null) {
      picture.className = "r-image";
      picture.width = Math.round(size.width_pt);
      picture.height = Math.round(size.height_pt);
      picture.alt = alt;
      if (old !== picture) this.#inner.prepend(picture);
    }
    if (old !== null && old !== picture) old.remove();
    this.#lay();
  }

  /** Draws these regions; `current` stands out. */
  mark(annotations: readonly Annotation[], current: string | null): void {
    this.#annotations = annotations;
    this.#current = current;
    this.#draw();
  }

  /** Scale of the fitting width: 1 fits. */
  zoom(scale: number): void {
    this.#zoom = scale;
    this.#lay();
  }

  /** Turns the page clockwise by quarters. */
  turn(quarters: number): void {
    this.#quarters = quarters % 4;
    this.#lay();
  }

  get isTurned(): boolean {
    return this.#quarters !== 0;
  }

  /** Begins or ends drawing; by the keyboard a box is there at once. */
  arm(meaning: Meaning | null): void {
    this.#meaning = meaning;
    this.#outer.classList.toggle("is-drawing", meaning !== null);
    if (meaning === null) this.#draft = null;
    this.#draw();
  }

  /** Keeps showing the region that a form is being written for. */
  hold(region: Region | null, meaning: Meaning): void {
    this.#draft = region;
    this.#meaning = region === null ? null : meaning;
    this.#draw();
  }

  /** Takes a key while drawing; tells whether it was one for drawing. */
  key(event: KeyboardEvent): boolean {
    if (this.#meaning === null) return false;
    if (event.key === "Escape") {
      this.#abandon();
      this.#listener.cancelled();
      return true;
    }
    if (event.key === "Enter") {
      if (this.#draft === null) this.#propose(FIRST_REGION);
      else this.#listener.drawn(this.#draft);
      return true;
    }
    const after = nudged(this.#draft ?? FIRST_REGION, event);
    if (after === null) return false;
    this.#propose(this.#draft === null ? FIRST_REGION : after);
    return true;
  }

  end(): void {
    this.#ending.abort();
  }

  #propose(region: Region): void {
    this.#draft = region;
    this.#draw();
    const { x, y, width, height } = region;
    this.#listener.announce(t("区域：左 {x}%，上 {y}%，宽 {width}%，高 {height}%", { x, y, width, height }));
  }

  #begin(event: PointerEvent): void {
    if (this.#meaning === null || event.button !== 0 || this.isTurned) return;
    event.preventDefault();
    this.#inner.setPointerCapture(event.pointerId);
    this.#from = this.#place(event);
  }

  #extend(event: PointerEvent): void {
    if (this.#from === null) return;
    this.#draft = between(this.#from, this.#place(event));
    this.#draw();
  }

  #finish(event: PointerEvent): void {
    if (this.#from === null) return;
    const region = between(this.#from, this.#place(event));
    this.#from = null;
    if (isRegion(region)) {
      this.#draft = region;
      this.#listener.drawn(region);
    } else {
      this.#draft = null;
    }
    this.#draw();
  }

  #abandon(): void {
    this.#from = null;
    this.#draft = null;
    this.#draw();
  }

  #place(event: PointerEvent): Point {
    const box = this.#inner.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) / box.width) * 100,
      y: ((event.clientY - box.top) / box.height) * 100,
    };
  }

  /** Gives the sheet its width, and a turned sheet the room that it then needs. */
  #lay(): void {
    const room = Math.min(this.#outer.parentElement?.clientWidth ?? WIDTH_MAX_PX, WIDTH_MAX_PX);
    const style = this.#inner.style;
    style.width = this.#zoom === 1 ? "" : `${Math.round(room * this.#zoom)}px`;
    style.transform = "";
    this.#outer.style.width = style.width;
    this.#outer.classList.toggle("is-scaled", this.#zoom !== 1 || this.#quarters !== 0);
    this.#outer.style.height = "";
    if (this.#quarters === 0) return;
    const [width, height] = [this.#inner.offsetWidth, this.#inner.offsetHeight];
    const moves = ["", "translate(0, -100%)", "translate(-100%, -100%)", "translate(-100%, 0)"];
    style.transformOrigin = "0 0";
    style.transform = `rotate(${this.#quarters * 90}deg) ${moves[this.#quarters] ?? ""}`;
    if (this.#quarters % 2 === 1) {
      style.width = `${width}px`;
      this.#outer.style.width = `${height}px`;
      this.#outer.style.height = `${width}px`;
    }
  }

  #draw(): void {
    this.#overlay.replaceChildren(
      ...this.#annotations.flatMap((annotation) => this.#region(annotation)),
      ...(this.#draft !== null && this.#meaning !== null
        ? [rectangle(this.#draft, `rg rg-${COLOURS[this.#meaning]} rg-draft`)]
        : []),
    );
  }

  #region(annotation: Annotation): SVGElement[] {
    const colour = COLOURS[annotation.meaning];
    const isCurrent = annotation.id === this.#current;
    const drawn = rectangle(annotation.region, `rg rg-${colour}${isCurrent ? " rg-now" : ""}`);
    drawn.dataset["annotation"] = annotation.id;
    drawn.addEventListener("click", () => this.#listener.chosen(annotation));
    return [drawn, label(annotation, `${this.#words[annotation.meaning]}，${annotation.author.name}`)];
  }
}

function rectangle(region: Region, kind: string): SVGRectElement {
  const drawn = document.createElementNS(SVG, "rect");
  drawn.setAttribute("class", kind);
  for (const side of ["x", "y", "width", "height"] as const) drawn.setAttribute(side, `${region[side]}%`);
  return drawn;
}

/** Whose mark it is and what it means, at the region's upper right. */
function label(annotation: Annotation, words: string): SVGElement {
  const text = document.createElementNS(SVG, "text");
  text.setAttribute("class", `rg-t rg-t-${COLOURS[annotation.meaning]}`);
  text.setAttribute("x", `${annotation.region.x + annotation.region.width}%`);
  text.setAttribute("y", `${annotation.region.y}%`);
  text.setAttribute("dy", "-4");
  text.setAttribute("text-anchor", "end");
  text.textContent = words;
  return text;
}
