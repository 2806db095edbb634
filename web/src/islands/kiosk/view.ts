/** What the terminal looks like while its person waits and talks. Short spoken sentences, one thing a screen. */

import { html, nothing, type TemplateResult } from "lit";
import { spokenGroups } from "../../lib/e2ee/safety";
import type { Joint } from "../../lib/e2ee/vault";
import { t } from "../../lib/i18n";
import { icon } from "../../lib/icons";
import type { Capture } from "../../lib/room/devices";
import { isInside, type Meeting, type MeetingState } from "../../lib/room/meeting";
import { shows } from "../../lib/shows";

const MINUTE_MS = 60_000;

/** Everything that a picture of the terminal is made from. */
export interface KioskPicture {
  readonly place: string;
  readonly joint: Joint;
  readonly own: MediaStream | undefined;
  readonly faults: Capture["faults"];
  /** 0 to 1. */
  readonly volume: number;
  /** The person pressed the end button and has not confirmed yet. */
  readonly isEnding: boolean;
  readonly meeting: Meeting;
  readonly state: MeetingState;
  readonly louder: (steps: number) => void;
  readonly askToEnd: (isAsked: boolean) => void;
  readonly leaveScreen: () => void;
}

/** Draws the terminal. */
export function kioskView(picture: KioskPicture): TemplateResult {
  const { state } = picture;
  if (picture.joint === "none")
    return still(picture, t("这台机器不能用"), t("请叫民警换一台。不是您的问题。"));
  if (state.stage === "ended") return ended(picture);
  if (state.link.state === "connecting" && state.link.attempt > 0) return reconnecting(picture);
  return state.stage === "inside" ? talking(picture) : waiting(picture);
}

function waiting(picture: KioskPicture): TemplateResult {
  const isLawyerThere = picture.state.waiting?.lawyerPresent === true;
  return html`${header(picture, html`<b>${t("会见终端")}</b>`)}
    <div class="k-center">
      <div data-speak role="status">
        <h1>${isLawyerThere ? t("律师来了，马上接通") : t("请坐，正在等律师进来")}</h1>
        <p class="k-lead">${t("您什么都不用按。律师进来后，屏幕会自己亮起来。")}</p>
      </div>
      <ol class="k-path">
        ${step("done", t("会见码正确"))} ${step("done", t("您已听完告知"))}
        ${step("now", isLawyerThere ? t("律师请您进入") : t("等律师进来"))} ${step("", t("开始会见"))}
      </ol>
    </div>
    ${footer(picture)}`;
}

const STEP_ICONS: Readonly<Record<string, string>> = { done: "check", now: "hourglass" };

function step(kind: string, words: string): TemplateResult {
  return html`<li class=${kind}><span class="pt">${icon(STEP_ICONS[kind] ?? "video")}</span><b>${words}</b></li>`;
}

function talking(picture: KioskPicture): TemplateResult {
  const { state, volume, own, isEnding } = picture;
  const lawyers = state.roster.filter((each) => each.kind === "lawyer" && isInside(each));
  const others = state.roster.filter((each) => state.receptions.has(each.id));
  const large = others.find(({ kind }) => kind === "lawyer") ?? others[0];
  const names = lawyers.map(({ name }) => name).join("、");
  return html`${header(picture, html`<h1>${t("正在和{name}律师会见", { name: names })}</h1>`)}
    <div class="k-meet">
      <div class="stage">
        ${large === undefined ? nothing : video(state, large.id, volume)}
        <div class="pip-col">
          ${others.filter((each) => each !== large).map(({ id }) => html`<div class="pip">${video(state, id, volume)}</div>`)}
          <div class="pip">
            <video ${shows(own)} .muted=${true} autoplay playsinline class="mirrored"></video>
            <span class="cam-l">${t("您")}</span>
          </div>
        </div>
        ${isEnding ? confirmEnd(picture) : nothing}
      </div>
      ${side(picture)}
    </div>`;
}

function video(state: MeetingState, id: string, volume: number): TemplateResult {
  const stream = state.receptions.get(id)?.stream;
  return html`<video ${shows(stream)} .volume=${volume} autoplay playsinline data-participant=${id}></video>`;
}

function side({ state, faults, meeting, louder, askToEnd }: KioskPicture): TemplateResult {
  return html`<aside class="k-side" data-frames=${JSON.stringify(state.counts ?? {})}>
    ${encryption(state)} ${guard(state)}
    ${faults.audio === undefined ? nothing : info("bad", "mic-off", t("律师听不到您"), t("机器坏了，请叫民警。"))}
    ${faults.video === undefined ? nothing : info("bad", "video-off", t("律师看不到您"), t("机器坏了，请叫民警。"))}
    <button class="kbtn kbtn-s" type="button" @click=${() => louder(1)}>
      ${icon("speaker-up")}${t("声音大一点")}
    </button>
    <button class="kbtn kbtn-s" type="button" @click=${() => louder(-1)}>
      ${icon("speaker-low")}${t("声音小一点")}
    </button>
    <button class="kbtn kbtn-s kbtn-help" type="button" @click=${() => meeting.callOfficer()}>
      ${icon("hand")}${state.calledBy === state.self ? t("民警就来") : t("叫民警")}
    </button>
    <button class="kbtn kbtn-s kbtn-bad" type="button" data-end @click=${() => askToEnd(true)}>
      ${icon("phone-off")}${t("结束会见")}
    </button>
  </aside>`;
}

/** The same truth as the lawyer's label, in spoken words. */
function encryption({ keys, hasLeaked }: MeetingState): TemplateResult {
  if (hasLeaked || keys.stopped !== undefined) {
    return info("bad", "alert", t("不安全，已经停了"), t("先别说案子。请叫民警。"));
  }
  if (keys.inUse === undefined) return info("warn", "lock", t("正在接通"), t("接通前，对方听不到。"));
  return html`<div class="k-info" data-encryption="ok">
    <b>${icon("lock")}${t("已加密")}</b>${t("念给律师听：")}<span class="safe-code"
      >${spokenGroups(keys.inUse.safetyCode)}</span
    >
  </div>`;
}

function guard({ watching, mayBeWatched }: MeetingState): TemplateResult {
  if (watching.length > 0) return info("guard", "eye", t("民警正在看"), t("只有画面，听不到。"));
  const words = mayBeWatched ? t("现在也没有人看。") : t("也看不见画面。");
  return info("guard", "ear-off", t("民警听不到"), words);
}

function info(kind: string, iconName: string, title: string, words: string): TemplateResult {
  return html`<div class="k-info ${kind}" role="status"><b>${icon(iconName)}${title}</b>${words}</div>`;
}

function confirmEnd({ meeting, askToEnd }: KioskPicture): TemplateResult {
  return html`<div class="veil">
    <div class="dialog k-dialog" role="alertdialog" aria-labelledby="k-end">
      <h1 id="k-end">${t("现在结束会见吗")}</h1>
      <p>${t("结束后不能再接着谈。")}</p>
      <p class="row">
        <button class="kbtn kbtn-pri" type="button" @click=${() => askToEnd(false)}>${t("接着谈")}</button>
        <button class="kbtn kbtn-bad" type="button" data-end-now @click=${() => meeting.end()}>
          ${t("结束会见")}
        </button>
      </p>
    </div>
  </div>`;
}

function reconnecting(picture: KioskPicture): TemplateResult {
  const left = minutesLeft(picture.state);
  return html`${header(picture, html`<b>${t("会见终端")}</b>`)}
    <div class="k-center" role="alert">
      <span class="big-spin" aria-hidden="true"></span>
      <div data-speak>
        <h1>${t("网络断了，正在重新接通")}</h1>
        <p class="k-lead">${t("不是您的问题。请坐着等，不用按任何东西。")}</p>
        ${left === undefined ? nothing : html`<p class="k-lead">${t("您剩下的 {count} 分钟还在。", { count: left })}</p>`}
      </div>
    </div>
    ${footer(picture)}`;
}

function ended(picture: KioskPicture): TemplateResult {
  return html`${header(picture, html`<b>${t("会见终端")}</b>`)}
    <div class="k-center">
      <div data-speak>
        <h1>${t("会见结束了")}</h1>
        <p class="k-lead">${t("没有录音，没有录像。")}</p>
      </div>
      <p class="row">
        <button class="kbtn kbtn-pri" type="button" @click=${picture.leaveScreen}>${t("知道了")}</button>
      </p>
    </div>
    ${footer(picture)}`;
}

function still(picture: KioskPicture, title: string, words: string): TemplateResult {
  return html`${header(picture, html`<b>${t("会见终端")}</b>`)}
    <div class="k-center" role="alert"><h1>${title}</h1><p class="k-lead">${words}</p></div>`;
}

function header({ place, state }: KioskPicture, title: TemplateResult): TemplateResult {
  const left = minutesLeft(state);
  return html`<header class="k-top">
    ${icon("logo", "logo")}${title}<span class="k-place">${place}</span>
    <span class="end k-time" role="timer"
      >${state.stage === "inside" && left !== undefined ? t("还有 {count} 分", { count: left }) : nothing}</span
    >
  </header>`;
}

function footer({ meeting, state }: KioskPicture): TemplateResult {
  const canCall = state.link.state === "open" && state.stage !== "ended";
  return html`<footer class="k-foot">
    <button class="kbtn kbtn-s" type="button" data-island="read-aloud" hidden>
      ${icon("speaker")}${t("读给我听")}
    </button>
    ${
      canCall
        ? html`<button class="kbtn kbtn-s kbtn-help" type="button" @click=${() => meeting.callOfficer()}>
          ${icon("hand")}${t("叫民警帮忙")}
        </button>`
        : nothing
    }
    <span class="end row">${icon("shield")}${t("谈话没有人监听")}</span>
  </footer>`;
}

function minutesLeft({ endsAt, clockOffset_ms }: MeetingState): number | undefined {
  if (endsAt === undefined) return undefined;
  return Math.max(0, Math.ceil((endsAt.getTime() - Date.now() - clockOffset_ms) / MINUTE_MS));
}
