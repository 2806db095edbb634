/**
 * The islands of a page: `<div data-island="reader">` is brought to life by the module called `reader`. Owns
 * which island runs where; leaves to each island what it does. A page makes sense without any of them.
 */

/** What every island's module exports; the returned function ends what `mount` began. */
export interface Island {
  mount(element: HTMLElement): () => void;
}

/** How an island's module is loaded, by the island's name. */
export type Islands = ReadonlyMap<string, () => Promise<Island>>;

/** Mounts islands in a part of the page, and ends those whose elements have left it. */
export class Mounter {
  readonly #islands: Islands;
  readonly #mounted = new Map<HTMLElement, Promise<() => void>>();

  constructor(islands: Islands) {
    this.#islands = islands;
  }

  /**
   * Mounts each island below `root` once, however often it is called.
   *
   * @throws AggregateError after the others were mounted, with what kept some from being mounted
   */
  async mountWithin(root: ParentNode): Promise<void> {
    const fresh: Promise<() => void>[] = [];
    for (const element of root.querySelectorAll<HTMLElement>("[data-island]")) {
      if (this.#mounted.has(element)) continue;
      const mounting = this.#mount(element);
      this.#mounted.set(element, mounting);
      fresh.push(mounting);
    }
    const failed = (await Promise.allSettled(fresh)).filter((each) => each.status === "rejected");
    if (failed.length > 0) {
      const reasons = failed.map((each) => each.reason as unknown);
      throw new AggregateError(reasons, `not mounted: ${reasons.join("; ")}`);
    }
  }

  /** Ends the islands whose elements are no longer in the document. */
  async sweep(): Promise<void> {
    for (const [element, mounting] of this.#mounted) {
      if (element.isConnected) continue;
      this.#mounted.delete(element);
      const [ending] = await Promise.allSettled([mounting]);
      if (ending.status === "fulfilled") ending.value();
    }
  }

  async #mount(element: HTMLElement): Promise<() => void> {
    const name = element.dataset["island"] ?? "";
    const load = this.#islands.get(name);
    if (load === undefined) throw new Error(`no island is called ${name}`);
    const island = await load();
    return island.mount(element);
  }
}
