/**
 * Page pictures, fetched once and kept as elements: answers bear `no-store`, so that no cache on disk holds a page,
 * and the element itself is what is shown later.
 */

import type { Size } from "./server";

/** How many pictures are kept: at reading size each is about 8 MB decoded. */
const KEPT = 16;

export class Pictures {
  readonly #address: (page: number, size: Size) => string;
  readonly #make: () => HTMLImageElement;
  readonly #kept = new Map<string, Promise<HTMLImageElement>>();
  readonly #ready = new Set<string>();

  constructor(address: (page: number, size: Size) => string, make = () => new Image()) {
    this.#address = address;
    this.#make = make;
  }

  /** The picture, decoded; a failed one is tried again by the next who asks. */
  get(page: number, size: Size): Promise<HTMLImageElement> {
    const name = `${page} ${size}`;
    const kept = this.#kept.get(name) ?? this.#fetch(page, size);
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break;
      this.#kept.delete(oldest);
    }
    kept.catch(() => this.#kept.get(name) === kept && this.#kept.delete(name));
    return kept;
  }

  /** Whether the picture is at hand or on its way. */
  has(page: number, size: Size): boolean {
    return this.#kept.has(`${page} ${size}`);
  }

  /** Whether the picture is at hand, decoded. */
  isReady(page: number, size: Size): boolean {
    return this.#ready.has(`${page} ${size}`) && this.has(page, size);
  }

  /** Takes in a picture at reading size that is in the page already. */
  keep(page: number, picture: HTMLImageElement): void {
    this.#kept.set(`${page} reading`, Promise.resolve(picture));
    this.#ready.add(`${page} reading`);
  }

  async #fetch(page: number, size: Size): Promise<HTMLImageElement> {
    const image = this.#make();
    image.decoding = "async";
    image.draggable = false;
    image.src = this.#address(page, size);
    await image.decode();
    this.#ready.add(`${page} ${size}`);
    return image;
  }
}
