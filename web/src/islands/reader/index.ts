/**
 * The reader: turns pages without loading them anew, keeps annotations current, lets regions be drawn with pointer
 * and keyboard. What the server drew stays the starting point and reads without any of this.
 */

import { t } from "../../lib/i18n";
import { Line } from "../../lib/live/line";
import { ahead, isMeaning, type Manifest, MEANINGS, type Meaning, pageOf } from "../../lib/reader/dossier";
import { Pictures } from "../../lib/reader/pictures";
import { parseRegion } from "../../lib/reader/region";
import { DossierServer, Refused } from "../../lib/reader/server";
import { showHelp } from "./help";
import { Notebook } from "./notebook";
import { meaningWords } from "./notes";
import { Sheet } from "./sheet";
import { Thumbnails } from "./thumbnails";

const ZOOM_STEP = 1.25;
const ZOOM_MIN = 0.5;
const ZOOM_MAX = 4;
const A4_PT = { width_pt: 595, height_pt: 842 };

export function mount(element: HTMLElement): () => void {
  const reader = new Reader(element);
  return () => reader.end();
}

class Reader {
  readonly #element: HTMLElement;
  readonly #base: string;
  readonly #mayWrite: boolean;
  readonly #server: DossierServer;
  readonly #pictures: Pictures;
  readonly #sheet: Sheet;
  readonly #thumbnails: Thumbnails;
  readonly #line: Line;
  readonly #ending = new AbortController();
  readonly #notebook: Notebook;
  #count: number;
  #page: number;
  #manifest: Manifest | null = null;
  #zoom = 1;
  #quarters = 0;
  #meaning: Meaning = "fact";
  #isDrawing = false;

  constructor(element: HTMLElement) {
    const { base = "", me = "", pages = "1", page = "1", dossier = "" } = element.dataset;
    const asked = new URLSearchParams(location.search);
    this.#element = element;
    this.#base = base;
    this.#mayWrite = "annotate" in element.dataset;
    this.#count = Number(pages);
    this.#page = Number(page);
    this.#server = new DossierServer(base);
    this.#pictures = new Pictures((number, size) => this.#server.picture(number, size));
    this.#sheet = new Sheet(this.#part("page"), meaningWords(), {
      drawn: (region) => {
        this.#draw(false);
        this.#notebook.write(region, this.#meaning, null);
      },
      cancelled: () => this.#draw(false),
      chosen: (annotation) => this.#notebook.open(annotation),
      announce: (words) => this.#announce(words),
    });
    this.#notebook = new Notebook(
      { list: this.#part("notes"), form: this.#part("form"), count: this.#part("notes-count") },
      { base, me, mayWrite: this.#mayWrite, page: this.#page, current: asked.get("note") },
      this.#server,
      {
        opened: (annotation) => this.#go(annotation.page),
        marks: (annotations, current) => this.#sheet.mark(annotations, current),
        holds: (region, meaning) => {
          this.#sheet.hold(region, meaning);
          if (region === null) this.#part("middle").focus();
        },
        announce: (words) => this.#announce(words),
        say: (words) => this.#say(words),
      },
    );
    this.#thumbnails = new Thumbnails(this.#part("thumbs"), base, (number) =>
      this.#server.picture(number, "thumbnail"),
    );
    for (const hidden of element.querySelectorAll<HTMLElement>("[data-reader][hidden]"))
      hidden.hidden = false;
    this.#listen();
    const first = this.#sheet.first;
    if (first !== null) this.#pictures.keep(this.#page, first);
    this.#thumbnails.show(this.#count, this.#page);
    const region = parseRegion(asked.get("region") ?? "");
    if (region !== null) this.#sheet.hold(region, this.#meaning);
    this.#line = new Line(liveAddress(dossier), {
      heard: () => void this.#pull(),
      away: () => undefined,
      dismissed: () => location.reload(),
    });
    void this.#pull().then(() => this.#prefetch(1));
  }

  end(): void {
    this.#ending.abort();
    this.#sheet.end();
    this.#thumbnails.end();
    this.#line.end();
  }

  #part(name: string): HTMLElement {
    const found = this.#element.querySelector<HTMLElement>(`[data-reader="${name}"]`);
    if (found === null) throw new Error(`the reader has no part called ${name}`);
    return found;
  }

  #listen(): void {
    const { signal } = this.#ending;
    document.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.#element.addEventListener("click", (event) => this.#click(event), { signal });
    this.#part("pagebox").addEventListener(
      "submit",
      (event) => {
        event.preventDefault();
        this.#goToTyped();
      },
      { signal },
    );
    this.#box.addEventListener("change", () => this.#goToTyped(), { signal });
    window.addEventListener("popstate", () => this.#show(this.#pageInAddress(), 1), { signal });
    window.addEventListener("online", () => this.#line.hurry(), { signal });
    window.addEventListener(
      "beforeunload",
      (event) => {
        if (this.#notebook.isUnsaved) event.preventDefault();
      },
      { signal },
    );
  }

  get #box(): HTMLInputElement {
    const box = this.#part("pagebox").querySelector("input");
    if (box === null) throw new Error("the page box has no input");
    return box;
  }

  #pageInAddress(): number {
    return pageOf(new URLSearchParams(location.search).get("page") ?? "", this.#count) ?? 1;
  }

  /** A page box that says nonsense shows the page again. */
  #goToTyped(): void {
    const page = pageOf(this.#box.value, this.#count);
    if (page === null || page === this.#page) this.#box.value = String(this.#page);
    else this.#go(page);
  }

  #go(page: number): void {
    if (page < 1 || page > this.#count || page === this.#page) return;
    const direction = page < this.#page ? -1 : 1;
    history.pushState(null, "", `${this.#base}?page=${page}`);
    this.#show(page, direction);
  }

  #show(page: number, direction: 1 | -1): void {
    this.#page = page;
    this.#box.value = String(page);
    this.#element.querySelectorAll<HTMLAnchorElement>("[data-goto]").forEach((link) => {
      if (Number(link.dataset["goto"]) === page) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
    this.#link("earlier", Math.max(1, page - 1));
    this.#link("later", Math.min(this.#count, page + 1));
    this.#thumbnails.mark(page);
    const middle = this.#part("middle");
    middle.setAttribute("aria-label", t("第 {page} 页", { page }));
    middle.scrollTop = 0;
    this.#announce(t("第 {page} 页，共 {count} 页", { page, count: this.#count }));
    this.#notebook.turnTo(page);
    void this.#showPicture(page, direction);
  }

  #link(name: "earlier" | "later", page: number): void {
    const link = this.#part(name);
    if (link instanceof HTMLAnchorElement) link.href = `${this.#base}?page=${page}`;
  }

  /** Shows the small picture first where the large one is not at hand. */
  async #showPicture(page: number, direction: 1 | -1): Promise<void> {
    const entry = this.#manifest?.pages.find((each) => each.number === page);
    const size = entry ?? A4_PT;
    const alt = t("第 {page} 页的扫描图", { page });
    const isHere = () => this.#page === page && !this.#ending.signal.aborted;
    if (this.#manifest !== null && (entry === undefined || entry.problem !== null)) {
      this.#sheet.show(null, size, alt);
      this.#say(
        entry === undefined
          ? t("这一页还在处理，处理好后会自动显示，您不用做什么。")
          : t("这一页无法显示，其他页不受影响。请核对原件，必要时重新扫描这一页后上传。"),
      );
      return;
    }
    this.#say("");
    const reading = this.#pictures.get(page, "reading");
    if (!this.#pictures.isReady(page, "reading")) {
      this.#sheet.show(null, size, alt);
      this.#pictures.get(page, "preview").then(
        (preview) => {
          if (isHere() && !this.#pictures.isReady(page, "reading")) this.#sheet.show(preview, size, alt);
        },
        () => undefined,
      );
    }
    try {
      const picture = await reading;
      if (!isHere()) return;
      this.#sheet.show(picture, size, alt);
      void this.#server.shown(page);
      this.#prefetch(direction);
    } catch {
      if (isHere()) this.#say(t("这一页没有取到，可能是网络断开。恢复后按一下页码再试。"));
    }
  }

  #prefetch(direction: 1 | -1): void {
    for (const page of ahead(this.#page, direction, this.#count)) {
      const entry = this.#manifest?.pages.find((each) => each.number === page);
      if (entry !== undefined && entry.problem === null) {
        this.#pictures.get(page, "reading").catch(() => undefined);
      }
    }
  }

  #say(words: string): void {
    this.#part("message").textContent = words;
  }

  #announce(words: string): void {
    this.#part("announce").textContent = words;
  }

  /** Fetches what changed since. */
  async #pull(): Promise<void> {
    try {
      const isWaiting = this.#manifest === null || this.#manifest.status === "received";
      if (isWaiting) await this.#pullManifest();
      await this.#notebook.pull();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  async #pullManifest(): Promise<void> {
    const isMissing = this.#sheet.first === null;
    this.#manifest = await this.#server.manifest();
    if (this.#manifest.status === "refused") return;
    if (this.#manifest.page_count !== null && this.#manifest.page_count !== this.#count) {
      this.#count = this.#manifest.page_count;
      this.#thumbnails.show(this.#count, this.#page);
    }
    this.#part("count").textContent = String(this.#manifest.page_count ?? "…");
    if (isMissing) void this.#showPicture(this.#page, 1);
  }

  #draw(on: boolean): void {
    if (!this.#mayWrite) return;
    this.#isDrawing = on;
    if (on && this.#sheet.isTurned) this.#turn(0);
    this.#sheet.arm(on ? this.#meaning : null);
    const button = this.#element.querySelector('[data-do="region"]');
    button?.setAttribute("aria-pressed", String(on));
    if (!on) return;
    this.#part("middle").focus();
    this.#announce(t("区域标注：拖动鼠标框选；或按方向键移动方框，按住 Shift 改大小，回车确定，Esc 取消。"));
  }

  #choose(meaning: Meaning): void {
    this.#meaning = meaning;
    for (const swatch of this.#element.querySelectorAll<HTMLElement>("[data-meaning]")) {
      swatch.setAttribute("aria-pressed", String(swatch.dataset["meaning"] === meaning));
    }
    this.#announce(meaningWords()[meaning]);
    if (this.#isDrawing) this.#sheet.arm(meaning);
  }

  #click(event: Event): void {
    const target = event.target instanceof Element ? event.target.closest<HTMLElement>("a, button") : null;
    if (target === null || !(event instanceof MouseEvent) || event.ctrlKey || event.metaKey) return;
    const { reader, goto, filter, meaning } = target.dataset;
    const page =
      reader === "earlier" ? this.#page - 1 : reader === "later" ? this.#page + 1 : Number(goto ?? 0);
    if (page !== 0 || reader === "earlier") {
      event.preventDefault();
      this.#go(page);
    } else if (filter !== undefined) {
      target.setAttribute("aria-pressed", String(this.#notebook.filter(filter)));
    } else if (meaning !== undefined && isMeaning(meaning)) {
      this.#choose(meaning);
    } else if (reader === "panel") {
      const isOpen = this.#element.classList.toggle("has-panel");
      target.setAttribute("aria-pressed", String(isOpen));
    } else {
      this.#do(target.dataset["do"] ?? "");
    }
  }

  #do(what: string): void {
    const acts: Readonly<Record<string, () => void>> = {
      smaller: () => this.#scale(this.#zoom / ZOOM_STEP),
      larger: () => this.#scale(this.#zoom * ZOOM_STEP),
      fit: () => this.#scale(1),
      rotate: () => this.#turn(this.#quarters + 1),
      region: () => this.#draw(!this.#isDrawing),
      help: () => showHelp(this.#mayWrite),
    };
    acts[what]?.();
  }

  #scale(scale: number): void {
    this.#zoom = Math.abs(scale - 1) < 0.05 ? 1 : Math.max(ZOOM_MIN, Math.min(ZOOM_MAX, scale));
    this.#sheet.zoom(this.#zoom);
    this.#part("zoom").textContent = `${Math.round(this.#zoom * 100)}%`;
  }

  #turn(quarters: number): void {
    this.#quarters = quarters % 4;
    this.#sheet.turn(this.#quarters);
  }

  /** Keys act on pages, never while typing. */
  #key(event: KeyboardEvent): void {
    if (isTyping(event.target) || document.querySelector("dialog[open]") !== null) return;
    if (this.#isDrawing && this.#sheet.key(event)) {
      event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = this.#actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  }

  readonly #actions: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => this.#go(this.#page - 1),
    ArrowRight: () => this.#go(this.#page + 1),
    PageUp: () => this.#go(this.#page - 1),
    PageDown: () => this.#go(this.#page + 1),
    Home: () => this.#go(1),
    End: () => this.#go(this.#count),
    g: () => this.#box.select(),
    "+": () => this.#do("larger"),
    "=": () => this.#do("larger"),
    "-": () => this.#do("smaller"),
    "0": () => this.#do("fit"),
    r: () => this.#do("region"),
    "?": () => this.#do("help"),
    ...Object.fromEntries(
      MEANINGS.map((meaning, index) => [String(index + 1), () => this.#choose(meaning)] as const),
    ),
  };
}

function liveAddress(dossier: string): string {
  const url = new URL(`/live?watch=dossier:${dossier}`, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null
  );
}
