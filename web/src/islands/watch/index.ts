/**
 * One picture of the duty desk's silent watch. Nothing is asked for until the officer opens it: from then on,
 * everyone in the meeting sees that somebody watches. There is no sound to be had: the offer has no audio section,
 * and this browser is given no audio key.
 *
 * The element, `data-meeting`, holds a place for the picture, `.watch-v`.
 */

import { html, type TemplateResult } from "lit";
import { jointOf } from "../../lib/e2ee/vault";
import { t } from "../../lib/i18n";
import { icon } from "../../lib/icons";
import { watchAddress } from "../../lib/room/address";
import { Meeting } from "../../lib/room/meeting";
import { endWords } from "../../lib/room/words";
import { Screen } from "../../lib/screen";
import { shows } from "../../lib/shows";

/** Brings one picture to life. */
export function mount(element: HTMLElement): () => void {
  const place = element.querySelector<HTMLElement>(".watch-v") ?? element;
  let meeting: Meeting | undefined;
  const screen = new Screen(place, () => view(meeting, begin, finish));

  function begin(): void {
    meeting = new Meeting(watchAddress(element.dataset["meeting"] ?? ""), () => screen.redraw());
    screen.redraw();
  }

  function finish(): void {
    meeting?.close();
    meeting = undefined;
    screen.redraw();
  }

  return () => {
    screen.close();
    meeting?.close();
  };
}

function view(meeting: Meeting | undefined, begin: () => void, finish: () => void): TemplateResult {
  if (jointOf(globalThis) === "none") return off(t("这个浏览器不能解密画面，请换用新版浏览器。"));
  if (meeting === undefined) {
    return html`<div class="watch-off">
      <button class="btn" type="button" data-watch="begin" @click=${begin}>${icon("eye")}${t("开始巡看")}</button>
    </div>`;
  }
  const { state } = meeting;
  if (state.stage === "ended") return off(endWords(state).text);
  const [reception] = state.receptions.values();
  return html`<video
      ${shows(reception?.stream)}
      .muted=${true}
      autoplay
      playsinline
      data-frames=${JSON.stringify(state.counts ?? {})}
      aria-label=${t("受援人一侧的画面，没有声音")}
    ></video>
    <button class="btn btn-sm watch-stop" type="button" data-watch="finish" @click=${finish}>
      ${icon("x")}${t("停止巡看")}
    </button>`;
}

function off(words: string): TemplateResult {
  return html`<div class="watch-off" role="status">${words}</div>`;
}
