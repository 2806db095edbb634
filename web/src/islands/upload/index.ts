/**
 * Uploads a scanned dossier in parts that resume after any break: a lost line, a reload, a closed browser
 * (tus 1.0). `data-case`: the case it goes into.
 */

import { html, nothing, render, type TemplateResult } from "lit";
import { DetailedError, Upload } from "tus-js-client";
import { t } from "../../lib/i18n";
import { remaining, size } from "../../lib/reader/amounts";
import { isObject } from "../../lib/shape";

const PART_BYTES = 4 * 1024 * 1024;
const RETRY_AFTER_MS = [0, 1_000, 3_000, 5_000, 10_000, 20_000, 30_000, 60_000];
const SHA256 = /^[0-9a-fA-F]{64}$/;

type State =
  | { readonly name: "choosing"; readonly failure: string }
  | {
      readonly name: "sending" | "paused";
      readonly sent: number;
      readonly since: number;
      readonly from: number;
    }
  | { readonly name: "done"; readonly location: string };

export function mount(element: HTMLElement): () => void {
  const uploader = new Uploader(element);
  return () => uploader.end();
}

class Uploader {
  readonly #element: HTMLElement;
  readonly #endpoint: string;
  #state: State = { name: "choosing", failure: "" };
  #file: File | null = null;
  #upload: Upload | null = null;

  constructor(element: HTMLElement) {
    this.#element = element;
    this.#endpoint = `/cases/${element.dataset["case"] ?? ""}/uploads`;
    element.replaceChildren();
    this.#draw();
  }

  end(): void {
    void this.#upload?.abort();
  }

  #become(state: State): void {
    this.#state = state;
    this.#draw();
  }

  async #start(form: HTMLFormElement): Promise<void> {
    const given = new FormData(form);
    const file = given.get("file");
    const sha256 = String(given.get("sha256") ?? "").replace(/\s/g, "");
    if (!(file instanceof File) || file.name === "") {
      this.#become({ name: "choosing", failure: t("请先选择一个 PDF 文件。") });
      return;
    }
    if (sha256 !== "" && !SHA256.test(sha256)) {
      this.#become({
        name: "choosing",
        failure: t("SHA-256 校验值是 64 位的数字和字母 a 到 f。请核对后重填，没有就留空。"),
      });
      return;
    }
    this.#file = file;
    const metadata: Record<string, string> = { filename: file.name, title: String(given.get("title") ?? "") };
    if (sha256 !== "") metadata["sha256"] = sha256;
    const upload = new Upload(file, {
      endpoint: this.#endpoint,
      chunkSize: PART_BYTES,
      retryDelays: RETRY_AFTER_MS,
      metadata,
      removeFingerprintOnSuccess: true,
      onProgress: (sent) => this.#progress(sent),
      onError: (error) => this.#failed(error),
      onSuccess: ({ lastResponse }) => {
        this.#become({ name: "done", location: lastResponse.getHeader("Dossier-Location") ?? "" });
      },
    });
    this.#upload = upload;
    const [earlier] = await upload.findPreviousUploads();
    if (earlier !== undefined) upload.resumeFromPreviousUpload(earlier);
    this.#resume();
  }

  #resume(): void {
    this.#become({ name: "sending", sent: 0, since: Date.now(), from: -1 });
    this.#upload?.start();
  }

  #progress(sent: number): void {
    if (this.#state.name !== "sending") return;
    const from = this.#state.from < 0 ? sent : this.#state.from;
    this.#become({ ...this.#state, sent, from });
  }

  #pause(): void {
    if (this.#state.name !== "sending") return;
    void this.#upload?.abort();
    this.#become({ ...this.#state, name: "paused" });
  }

  async #takeBack(): Promise<void> {
    if (!confirm(t("放弃这次上传？已传的部分会删除。"))) return;
    await this.#upload?.abort(true).catch(() => undefined);
    this.#upload = null;
    this.#become({ name: "choosing", failure: "" });
  }

  #failed(error: Error): void {
    this.#become({ name: "choosing", failure: words(error) });
  }

  #draw(): void {
    render(this.#view(), this.#element);
  }

  #view(): TemplateResult {
    switch (this.#state.name) {
      case "choosing":
        return this.#choosing(this.#state.failure);
      case "sending":
      case "paused":
        return this.#sending(this.#state);
      case "done":
        return this.#done(this.#state.location);
    }
  }

  #choosing(failure: string): TemplateResult {
    return html`<form
      class="stack stack-s"
      @submit=${(event: Event) => {
        event.preventDefault();
        if (event.target instanceof HTMLFormElement) void this.#start(event.target);
      }}
    >
      ${failure === "" ? nothing : html`<p class="err" role="alert"><span>${failure}</span></p>`}
      <div class="field">
        <label for="upload-file">${t("扫描的 PDF 文件")}</label>
        <input class="input" id="upload-file" name="file" type="file" accept="application/pdf,.pdf" required />
        <p class="hint">${t("断线、刷新或关机后，重新选择同一个文件就会接着传。")}</p>
      </div>
      <div class="field">
        <label for="upload-title">${t("卷名")} <small class="faint">${t("选填")}</small></label>
        <input class="input" id="upload-title" name="title" maxlength="100" autocomplete="off" />
      </div>
      <div class="field">
        <label for="upload-sha256">${t("送卷单位给出的 SHA-256 校验值")} <small class="faint">${t("选填")}</small></label>
        <input class="input mono" id="upload-sha256" name="sha256" maxlength="80" autocomplete="off" spellcheck="false" />
        <p class="hint">${t("填写后，收到的文件必须与它一致才会保存。")}</p>
      </div>
      <p><button class="btn btn-pri">${t("上传卷宗")}</button></p>
    </form>`;
  }

  #sending(state: State & { readonly name: "sending" | "paused" }): TemplateResult {
    const total = this.#file?.size ?? 0;
    const seconds = (Date.now() - state.since) / 1000;
    const speed = state.from >= 0 && seconds > 2 ? (state.sent - state.from) / seconds : 0;
    const isPaused = state.name === "paused";
    return html`<div class="stack stack-s">
      <p><b>${this.#file?.name ?? ""}</b></p>
      <progress class="prog" max=${Math.max(1, total)} .value=${state.sent} aria-label=${t("上传进度")}></progress>
      <p class="sm num" role="status">
        ${t("已传 {sent}，共 {total}", { sent: size(state.sent), total: size(total) })}${
          isPaused
            ? html`，${t("已暂停")}`
            : speed > 0
              ? html`，${remaining((total - state.sent) / speed)}`
              : nothing
        }
      </p>
      <p class="row">
        ${
          isPaused
            ? html`<button class="btn btn-pri btn-sm" type="button" @click=${() => this.#resume()}>${t("继续上传")}</button>`
            : html`<button class="btn btn-sm" type="button" @click=${() => this.#pause()}>${t("暂停上传")}</button>`
        }
        <button class="btn btn-bad btn-sm" type="button" @click=${() => void this.#takeBack()}>${t("放弃上传")}</button>
      </p>
    </div>`;
  }

  #done(location: string): TemplateResult {
    return html`<div class="stack stack-s">
      <p role="status"><b>${t("卷宗已上传")}</b>，${t("正在检查并整理页面，整理好的页可以先看；能否打开、校验值见下面的列表。")}</p>
      <p class="row">
        ${location === "" ? nothing : html`<a class="btn btn-pri btn-sm" href=${location}>${t("开始阅卷")}</a>`}
        <button class="btn btn-sm" type="button" @click=${() => this.#become({ name: "choosing", failure: "" })}>
          ${t("再传一册")}
        </button>
      </p>
    </div>`;
  }
}

/** What went wrong, as the server words it (RFC 9457), or that the line is away. */
function words(error: Error): string {
  if (error instanceof DetailedError && error.originalResponse !== null) {
    try {
      const problem: unknown = JSON.parse(error.originalResponse.getBody());
      if (isObject(problem)) return `${String(problem["title"])}：${String(problem["detail"])}`;
    } catch {
      // not a problem of ours: the proxy's page, or nothing at all
    }
  }
  return t("网络断开，上传没有完成。已传的部分仍然保留，请重新选择同一个文件接着传。");
}
