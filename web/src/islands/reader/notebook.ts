/** The annotations of a dossier: kept current, listed, written and removed. Which page is shown is the reader's. */

import { render } from "lit";
import { t } from "../../lib/i18n";
import { type Annotation, isMeaning, type Meaning, merged } from "../../lib/reader/dossier";
import type { Region } from "../../lib/reader/region";
import { type DossierServer, offline, Refused } from "../../lib/reader/server";
import { type Filter, form, list, passes, type Writing } from "./notes";

/** Where the notebook draws. */
export interface NotebookParts {
  readonly list: HTMLElement;
  readonly form: HTMLElement;
  readonly count: HTMLElement;
}

/** What the notebook asks of the reader. */
export interface NotebookListener {
  /** Show the annotation's page. */
  opened(annotation: Annotation): void;
  /** Draw these regions. */
  marks(annotations: readonly Annotation[], current: string | null): void;
  /** Keep showing the region that is being written about; null when that is over. */
  holds(region: Region | null, meaning: Meaning): void;
  announce(words: string): void;
  say(words: string): void;
}

export class Notebook {
  readonly #parts: NotebookParts;
  readonly #where: { readonly base: string; readonly me: string; readonly mayWrite: boolean };
  readonly #server: DossierServer;
  readonly #listener: NotebookListener;
  readonly #filters = new Set<Filter>();
  #annotations: readonly Annotation[] = [];
  #revision = -1;
  #page: number;
  #current: string | null;
  #writing: Writing | null = null;

  constructor(
    parts: NotebookParts,
    where: { base: string; me: string; mayWrite: boolean; page: number; current: string | null },
    server: DossierServer,
    listener: NotebookListener,
  ) {
    this.#parts = parts;
    this.#where = where;
    this.#page = where.page;
    this.#current = where.current;
    this.#server = server;
    this.#listener = listener;
    parts.list.replaceChildren();
  }

  /** Whether words would be lost by leaving. */
  get isUnsaved(): boolean {
    return this.#writing !== null && this.#writing.comment !== "";
  }

  /** Tells which page is shown. */
  turnTo(page: number): void {
    this.#page = page;
    this.draw();
  }

  /** Fetches what changed since the last time. */
  async pull(): Promise<void> {
    const { revision, annotations } = await this.#server.changes(this.#revision);
    const isFirst = this.#revision < 0;
    this.#revision = Math.max(revision, this.#revision);
    this.#annotations = merged(this.#annotations, annotations);
    this.draw();
    if (isFirst) this.#bringIntoView();
    const theirs = annotations.find((each) => each.changed_by.id !== this.#where.me && !each.removed);
    if (isFirst || theirs === undefined) return;
    const { changed_by, page } = theirs;
    this.#listener.announce(t("{name}在第 {page} 页写了批注", { name: changed_by.name, page }));
  }

  /** Presses or releases a filter; tells whether it is pressed now. */
  filter(name: string): boolean {
    if (name !== "page" && name !== "mine" && !isMeaning(name)) return false;
    if (!this.#filters.delete(name)) this.#filters.add(name);
    this.draw();
    return this.#filters.has(name);
  }

  open(annotation: Annotation): void {
    this.#current = annotation.id;
    this.draw();
    this.#listener.opened(annotation);
    this.#bringIntoView();
  }

  /** Begins to write about a region; `changing` is the annotation that gets new words. */
  write(region: Region, meaning: Meaning, changing: Annotation | null): void {
    this.#writing = {
      page: changing?.page ?? this.#page,
      region,
      changing,
      theirs: null,
      meaning,
      comment: changing?.comment ?? "",
      key: randomKey(),
      isSaving: false,
      failure: "",
    };
    this.draw();
    if (changing === null) this.#listener.holds(region, meaning);
    this.#parts.form.querySelector("textarea")?.focus();
  }

  draw(): void {
    const where = { ...this.#where, page: this.#page };
    const shown = this.#annotations.filter((each) => passes(each, this.#filters, where));
    this.#parts.count.textContent = String(this.#annotations.length);
    const state = { ...this.#where, current: this.#current, isFiltered: this.#filters.size > 0 };
    render(list(shown, state, this.#writer), this.#parts.list);
    render(form(this.#writing, this.#writer), this.#parts.form);
    this.#listener.marks(
      this.#annotations.filter((each) => each.page === this.#page),
      this.#current,
    );
  }

  readonly #writer = {
    opened: (annotation: Annotation) => this.open(annotation),
    change: (annotation: Annotation) => this.write(annotation.region, annotation.meaning, annotation),
    remove: (annotation: Annotation) => void this.#remove(annotation),
    wrote: (change: Partial<Writing>) => {
      if (this.#writing === null) return;
      this.#writing = { ...this.#writing, ...change };
      if (change.meaning !== undefined && this.#writing.changing === null) {
        this.#listener.holds(this.#writing.region, change.meaning);
      }
    },
    save: () => void this.#save(),
    cancel: () => this.#stopWriting(),
  };

  #stopWriting(): void {
    const meaning = this.#writing?.meaning ?? "fact";
    this.#writing = null;
    this.draw();
    this.#listener.holds(null, meaning);
  }

  async #save(): Promise<void> {
    const writing = this.#writing;
    if (writing === null || writing.isSaving || writing.comment.trim() === "") return;
    this.#writing = { ...writing, isSaving: true, failure: "" };
    this.draw();
    try {
      const saved = await this.#send(writing);
      this.#annotations = merged(this.#annotations, [saved]);
      this.#current = saved.id;
      this.#stopWriting();
      this.#listener.announce(t("批注已保存"));
      this.#bringIntoView();
    } catch (error) {
      const { message, current } = error instanceof Refused ? error : offline();
      if (this.#writing === null) return;
      this.#writing = {
        ...this.#writing,
        isSaving: false,
        failure: message,
        theirs: current ?? writing.theirs,
      };
      this.draw();
    }
  }

  #send(writing: Writing): Promise<Annotation> {
    const { meaning, comment, changing, theirs, page, region, key } = writing;
    if (changing !== null) {
      return this.#server.change(changing.id, { meaning, comment, version: (theirs ?? changing).version });
    }
    return this.#server.annotate({ page, region, meaning, comment, idempotency_key: key });
  }

  async #remove(annotation: Annotation): Promise<void> {
    if (!confirm(t("删除这条批注？删除后其他律师也看不到它。"))) return;
    try {
      this.#annotations = merged(this.#annotations, [await this.#server.remove(annotation)]);
      this.#listener.announce(t("批注已删除"));
    } catch (error) {
      const { message, current } = error instanceof Refused ? error : offline();
      if (current !== null) this.#annotations = merged(this.#annotations, [current]);
      this.#listener.say(message);
    }
    this.draw();
  }

  #bringIntoView(): void {
    if (this.#current === null) return;
    const note = this.#parts.list.querySelector(`[data-note="${CSS.escape(this.#current)}"]`);
    note?.scrollIntoView({ block: "nearest" });
  }
}

function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
