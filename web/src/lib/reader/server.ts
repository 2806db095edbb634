/** The dossier's own addresses on the server, and the words of its refusals. */

import { t } from "../i18n";
import { isObject, type Shape } from "../shape";
import { type Annotation, isAnnotation, isChanges, isManifest, type Manifest, type Meaning } from "./dossier";
import type { Region } from "./region";

export type Size = "reading" | "preview" | "thumbnail";

/** A refusal in the reader's words; `current` is the annotation as somebody else has changed it. */
export class Refused extends Error {
  readonly code: string;
  readonly current: Annotation | null;

  constructor(code: string, words: string, current: Annotation | null) {
    super(words);
    this.code = code;
    this.current = current;
  }
}

/** What is said when the network is away. */
export function offline(): Refused {
  return new Refused("offline", t("网络断开，还没有保存。您写的文字仍在本页，恢复后请再保存。"), null);
}

/** One dossier. */
export class DossierServer {
  readonly #base: string;

  /** @param base path of the dossier: `/cases/…/dossiers/…` */
  constructor(base: string) {
    this.#base = base;
  }

  /** Address of a page's picture; prefetching it is not logged as seeing it. */
  picture(page: number, size: Size): string {
    return `${this.#base}/pages/${page}?size=${size}&intent=prefetch`;
  }

  /** Tells that a page is being shown. */
  async shown(page: number): Promise<void> {
    await fetch(`${this.#base}/pages/${page}/views`, { method: "POST", keepalive: true }).catch(() => null);
  }

  manifest(): Promise<Manifest> {
    return this.#ask("/manifest", isManifest);
  }

  changes(after: number): Promise<{ revision: number; annotations: readonly Annotation[] }> {
    return this.#ask(`/annotations?after=${after}`, isChanges);
  }

  annotate(made: {
    page: number;
    region: Region;
    meaning: Meaning;
    comment: string;
    idempotency_key: string;
  }): Promise<Annotation> {
    return this.#ask("/annotations", isAnnotation, "POST", made);
  }

  change(id: string, words: { meaning: Meaning; comment: string; version: number }): Promise<Annotation> {
    return this.#ask(`/annotations/${id}`, isAnnotation, "PUT", words);
  }

  remove(annotation: Annotation): Promise<Annotation> {
    return this.#ask(`/annotations/${annotation.id}?version=${annotation.version}`, isAnnotation, "DELETE");
  }

  async #ask<T>(path: string, shape: Shape<T>, method = "GET", body?: object): Promise<T> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const init: RequestInit = { method, headers, cache: "no-store" };
    if (body !== undefined) init.body = JSON.stringify(body);
    const response = await fetch(this.#base + path, init).catch(() => {
      throw offline();
    });
    const answer: unknown = await response.json().catch(() => null);
    if (!response.ok) throw refusal(answer);
    if (!shape(answer)) throw refusal(null);
    return answer;
  }
}

/** Reads a problem (RFC 9457) into words. */
function refusal(problem: unknown): Refused {
  if (!isObject(problem) || typeof problem["detail"] !== "string") {
    return new Refused(
      "unreadable",
      t("系统出了问题，不是您的操作问题。您写的文字仍在本页，请稍后再保存。"),
      null,
    );
  }
  const current = problem["current"];
  return new Refused(
    String(problem["code"]),
    `${String(problem["title"])}：${problem["detail"]}`,
    isAnnotation(current) ? current : null,
  );
}
