/** A part of the page that an island draws again whenever something changed, at most once a frame. */

import { render, type TemplateResult } from "lit";

const TICK_MS = 1000;

/** Draws what `view` says in place of an element's content, on demand and every second, until closed. */
export class Screen {
  readonly #element: HTMLElement;
  readonly #view: () => TemplateResult;
  readonly #ticking: ReturnType<typeof setInterval>;
  /** Until the first drawing the element shows what the server put there. */
  #isAsServed = true;
  #isDue = false;
  #isClosed = false;

  constructor(element: HTMLElement, view: () => TemplateResult) {
    this.#element = element;
    this.#view = view;
    this.#ticking = setInterval(() => this.redraw(), TICK_MS);
    this.redraw();
  }

  /** Draws with the next frame. A hidden page gets no frames, so it is drawn when it is shown again. */
  redraw(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      if (!this.#isClosed) this.#draw();
    });
  }

  #draw(): void {
    if (this.#isAsServed) this.#element.replaceChildren();
    this.#isAsServed = false;
    render(this.#view(), this.#element);
  }

  /** Draws no more. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#ticking);
  }
}
