/** The annotations beside the page: their list, and the form in which one is written. */

import { html, nothing, type TemplateResult } from "lit";
import { t } from "../../lib/i18n";
import { type Annotation, COLOURS, MEANINGS, type Meaning } from "../../lib/reader/dossier";
import type { Region } from "../../lib/reader/region";

export type Filter = "page" | "mine" | Meaning;

/** What is being written: a new annotation for a region, or new words for one that exists. */
export interface Writing {
  readonly page: number;
  readonly region: Region;
  /** The annotation being changed; null for a new one. */
  readonly changing: Annotation | null;
  /** As somebody else has changed it meanwhile. */
  readonly theirs: Annotation | null;
  readonly meaning: Meaning;
  readonly comment: string;
  readonly key: string;
  readonly isSaving: boolean;
  readonly failure: string;
}

export interface NotesListener {
  opened(annotation: Annotation): void;
  change(annotation: Annotation): void;
  remove(annotation: Annotation): void;
  wrote(change: Partial<Writing>): void;
  save(): void;
  cancel(): void;
}

/** The words of each meaning, by its fixed colour. */
export function meaningWords(): Readonly<Record<Meaning, string>> {
  return { fact: t("事实"), doubt: t("疑点"), favourable: t("有利"), procedure: t("程序") };
}

/** Whether an annotation passes the pressed filters. */
export function passes(
  annotation: Annotation,
  filters: ReadonlySet<Filter>,
  where: { page: number; me: string },
): boolean {
  if (filters.has("page") && annotation.page !== where.page) return false;
  if (filters.has("mine") && annotation.author.id !== where.me) return false;
  const meanings = MEANINGS.filter((meaning) => filters.has(meaning));
  return meanings.length === 0 || meanings.includes(annotation.meaning);
}

export function list(
  annotations: readonly Annotation[],
  where: { base: string; me: string; mayWrite: boolean; current: string | null; isFiltered: boolean },
  listener: NotesListener,
): TemplateResult {
  const words = meaningWords();
  if (annotations.length === 0) {
    const empty = where.mayWrite
      ? t("还没有批注。用区域标注工具在页面上框选，再写下说明。")
      : t("还没有批注。");
    return html`<li class="cmt muted">${where.isFiltered ? t("没有符合筛选的批注。") : empty}</li>`;
  }
  return html`${annotations.map(
    (annotation) => html`<li
      class="cmt cmt-${COLOURS[annotation.meaning]}"
      data-note=${annotation.id}
      aria-current=${annotation.id === where.current ? "true" : nothing}
    >
      <p class="meta">
        <span class="avatar avatar-s" aria-hidden="true">${annotation.author.name.slice(0, 1)}</span>
        ${annotation.author.name}，<a
          href="${where.base}?page=${annotation.page}&note=${annotation.id}"
          @click=${(event: Event) => {
            event.preventDefault();
            listener.opened(annotation);
          }}
          >${t("第 {page} 页", { page: annotation.page })}</a
        >，${words[annotation.meaning]}
      </p>
      <p class="r-words">${annotation.comment}</p>
      ${
        annotation.changed_by.id !== annotation.author.id
          ? html`<p class="meta">${t("{name}修改过", { name: annotation.changed_by.name })}</p>`
          : nothing
      }
      ${where.mayWrite ? tools(annotation, where.me, listener) : nothing}
    </li>`,
  )}`;
}

function tools(annotation: Annotation, me: string, listener: NotesListener): TemplateResult {
  const page = annotation.page;
  return html`<p class="meta">
    <button
      type="button"
      class="link xs"
      aria-label=${t("修改第 {page} 页的批注", { page })}
      @click=${() => listener.change(annotation)}
    >
      ${t("修改")}
    </button>
    ${
      annotation.author.id === me
        ? html`<button
          type="button"
          class="link xs"
          aria-label=${t("删除第 {page} 页的批注", { page })}
          @click=${() => listener.remove(annotation)}
        >
          ${t("删除")}
        </button>`
        : nothing
    }
  </p>`;
}

export function form(writing: Writing | null, listener: NotesListener): TemplateResult | typeof nothing {
  if (writing === null) return nothing;
  const words = meaningWords();
  return html`<form
    class="r-form"
    @submit=${(event: Event) => {
      event.preventDefault();
      listener.save();
    }}
    @keydown=${(event: KeyboardEvent) => {
      if (event.key === "Escape") listener.cancel();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) listener.save();
    }}
  >
    <fieldset class="chipbar">
      <legend class="sr">${t("这处标注的性质")}</legend>
      ${MEANINGS.map(
        (meaning) => html`<label class="fchip">
          <input
            type="radio"
            name="meaning"
            .checked=${writing.meaning === meaning}
            @change=${() => listener.wrote({ meaning })}
          /><i class="sw-${COLOURS[meaning]}"></i>${words[meaning]}
        </label>`,
      )}
    </fieldset>
    <div class="field">
      <label for="comment">${t("说明，第 {page} 页", { page: writing.page })}</label>
      <textarea
        class="textarea"
        id="comment"
        rows="4"
        maxlength="4000"
        required
        .value=${writing.comment}
        @input=${(event: Event) =>
          event.target instanceof HTMLTextAreaElement && listener.wrote({ comment: event.target.value })}
      ></textarea>
    </div>
    ${
      writing.theirs === null
        ? nothing
        : html`<div class="banner banner-warn" role="alert">
          <div class="grow">
            <b>${t("{name}刚改成了：", { name: writing.theirs.changed_by.name })}</b>
            <p class="r-words">${writing.theirs.comment}</p>
            <p class="sm">${t("请把两段文字合并后再保存；保存后以您的文字为准。")}</p>
          </div>
        </div>`
    }
    ${
      writing.failure === "" ? nothing : html`<p class="err" role="alert"><span>${writing.failure}</span></p>`
    }
    <p class="row">
      <button class="btn btn-pri btn-sm" ?disabled=${writing.isSaving}>${t("保存批注")}</button>
      <button class="btn btn-sm" type="button" @click=${() => listener.cancel()}>${t("取消")}</button>
    </p>
  </form>`;
}
