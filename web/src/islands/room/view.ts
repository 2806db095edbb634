/** What the room looks like. Owns the picture of one state; leaves the state to `lib/room`, dialogs to `dialogs.ts`. */

import { html, nothing, type TemplateResult } from "lit";
import type { Joint } from "../../lib/e2ee/vault";
import { t } from "../../lib/i18n";
import { icon } from "../../lib/icons";
import type { Capture } from "../../lib/room/devices";
import { isInside, type Meeting, type MeetingState } from "../../lib/room/meeting";
import { encryptionStatement, type Statement } from "../../lib/room/statement";
import { capacity, endWords, faultWords, gradeWords } from "../../lib/room/words";
import { shows } from "../../lib/shows";
import type { RosterEntry } from "../../protocol";
import { compareDialog, leaveDialog, refusalDialog } from "./dialogs";

/** What is open over the pictures. */
export type Panel = "none" | "compare" | "leave";

/** Everything that a picture of the room is made from. */
export interface RoomPicture {
  readonly title: string;
  readonly leaveTo: string;
  readonly joint: Joint;
  readonly own: MediaStream | undefined;
  readonly faults: Capture["faults"];
  readonly panel: Panel;
  readonly meeting: Meeting;
  readonly state: MeetingState;
  readonly open: (panel: Panel) => void;
}

/** Draws the room. */
export function roomView(picture: RoomPicture): TemplateResult {
  const { state } = picture;
  if (picture.joint === "none") return unusable(picture);
  if (state.stage === "ended") return over(picture);
  return html`${top(picture)}
    <div class="room-body solo">
      <div class="stage">${pictures(picture)} ${whoMustAct(picture)} ${overlay(picture)}</div>
    </div>
    ${bar(picture)}`;
}

function unusable({ leaveTo }: RoomPicture): TemplateResult {
  return last(
    t("这个浏览器不能加密会见"),
    t("没有加密就不会传送声音和画面。请换用新版 Chrome、Edge、360 或信创浏览器（内核 86 以上）。"),
    leaveTo,
  );
}

function over({ state, leaveTo }: RoomPicture): TemplateResult {
  const { title, text } = endWords(state);
  return last(title, text, leaveTo);
}

function last(title: string, text: string, leaveTo: string): TemplateResult {
  return html`<div class="veil">
    <div class="dialog" role="alert">
      <div class="dialog-h"><h1>${title}</h1></div>
      <div class="dialog-b"><p>${text}</p></div>
      <div class="dialog-f"><a class="btn btn-pri" href=${leaveTo}>${t("返回")}</a></div>
    </div>
  </div>`;
}

function top({ title, state }: RoomPicture): TemplateResult {
  return html`<header class="room-top">
    <h1>${title}</h1>
    ${timer(state)} ${encryptionBadge(encryptionStatement(state), state)} ${guardBadge(state)}
    ${networkBadge(state)}
  </header>`;
}

function timer({ startsAt, endsAt, clockOffset_ms }: MeetingState): TemplateResult | typeof nothing {
  if (startsAt === undefined || endsAt === undefined) return nothing;
  const now = Date.now() + clockOffset_ms;
  const total = minutesAndSeconds(endsAt.getTime() - startsAt.getTime());
  if (now < startsAt.getTime()) {
    const left = minutesAndSeconds(startsAt.getTime() - now);
    return html`<span class="timer" role="timer"><small class="muted">${t("距开始")}</small> ${left}</span>`;
  }
  const passed = minutesAndSeconds(now - startsAt.getTime());
  return html`<span class="timer" role="timer">${passed} <small class="muted">/ ${total}</small></span>`;
}

function encryptionBadge({ tone, text, code, advice }: Statement, { counts }: MeetingState): TemplateResult {
  return html`<span
    class="room-badge ${tone}"
    role="status"
    data-encryption=${tone}
    data-frames=${JSON.stringify(counts ?? {})}
    title=${advice ?? ""}
    >${icon("lock")}${text}${code === undefined ? nothing : html`<span class="safe-code">${code}</span>`}</span
  >`;
}

function guardBadge({ watching, mayBeWatched }: MeetingState): TemplateResult {
  const seen = watching.length > 0;
  const words = seen ? t("看守所正在看") : mayBeWatched ? t("看守所现在没有人看") : t("看守所不看画面");
  return html`<span class="room-badge ${seen ? "guard" : ""}" role="status" data-watching=${watching.length}
    >${icon("eye")}${words}${icon("ear-off")}${t("听不到")}</span
  >`;
}

const SCORES = { good: "score-ok", fair: "score-mid", poor: "score-bad" } as const;

function networkBadge({ quality }: MeetingState): TemplateResult | typeof nothing {
  if (quality === undefined) return nothing;
  const { grade, round_trip_ms } = quality;
  const ping = round_trip_ms === undefined ? "" : t("{count} 毫秒", { count: Math.round(round_trip_ms) });
  return html`<span class="room-badge end"
    >${score(SCORES[grade])}${gradeWords(grade)}
    <span class="num muted">${ping}</span></span
  >`;
}

function score(kind: string): TemplateResult {
  return html`<svg class="score ${kind}" viewBox="0 0 44 22" aria-hidden="true">
    <path d="M0 15h8v7H0z" /><path d="M12 10h8v12h-8z" /><path d="M24 5h8v17h-8z" /><path d="M36 0h8v22h-8z" />
  </svg>`;
}

/** The recipient large, everybody else small, oneself last. */
function pictures({ state, own }: RoomPicture): TemplateResult {
  const others = state.roster.filter(
    (each) => each.id !== state.self && isInside(each) && each.kind !== "observer",
  );
  const large = others.find(({ kind }) => kind === "recipient") ?? others[0];
  return html`${large === undefined ? nothing : largePicture(state, large)}
    <div class="pip-col">
      ${others.filter((each) => each !== large).map((each) => smallPicture(state, each))}
      <div class="pip">
        <video ${shows(own)} .muted=${true} autoplay playsinline class="mirrored"></video>
        <span class="cam-l">${mutedIcon(state.muted.audio)}${t("您")}</span>
      </div>
    </div>`;
}

function largePicture(state: MeetingState, entry: RosterEntry): TemplateResult {
  const reception = state.receptions.get(entry.id);
  return html`<video
      ${shows(reception?.stream)}
      autoplay
      playsinline
      data-participant=${entry.id}
      aria-label=${t("{name}的画面", { name: entry.name })}
    ></video>
    <div class="stage-b">
      <span class="cam-l">${mutedIcon(entry.audio_muted)}${entry.name}，${capacity(entry.kind)}</span>
    </div>`;
}

function smallPicture(state: MeetingState, entry: RosterEntry): TemplateResult {
  const stream = state.receptions.get(entry.id)?.stream;
  return html`<div class="pip">
    <video ${shows(stream)} autoplay playsinline data-participant=${entry.id}></video>
    ${
      entry.video_muted || stream === undefined
        ? html`<div class="pip-av"><span class="avatar">${entry.name.slice(0, 1)}</span></div>`
        : nothing
    }
    <span class="cam-l">${mutedIcon(entry.audio_muted)}${entry.name}，${capacity(entry.kind)}</span>
  </div>`;
}

function mutedIcon(isMuted: boolean): TemplateResult {
  return icon(isMuted ? "mic-off" : "mic");
}

/** Every waiting state names who acts, and how long it has been so. */
function whoMustAct({ state, meeting, faults }: RoomPicture): TemplateResult {
  return html`<div class="stage-acts">
    ${faults.audio === undefined ? nothing : fault("mic-off", faultWords("audio", faults.audio))}
    ${faults.video === undefined ? nothing : fault("video-off", faultWords("video", faults.video))}
    ${state.waiting === undefined ? nothing : ownWaiting(state.waiting, state.clockOffset_ms)}
    ${state.kind === "lawyer" ? state.roster.map((each) => arrival(each, meeting)) : nothing}
    ${state.calledBy === undefined ? nothing : called(state)} ${state.isOutdated ? outdated() : nothing}
  </div>`;
}

function outdated(): TemplateResult {
  return html`<div class="act" role="status">
    <span class="act-who">${icon("refresh")}</span>
    <b>${t("平台刚刚更新")}</b>
    <p>${t("会见不受影响。结束以后请刷新本页，再进入时就是新版。")}</p>
  </div>`;
}

function fault(iconName: string, words: string): TemplateResult {
  return html`<div class="act act-you" role="alert">
    <span class="act-who">${icon(iconName)}</span>
    <b>${words}</b>
    <p>${t("处理好后请刷新本页，会以新口令重新进入。")}</p>
  </div>`;
}

function ownWaiting(
  waiting: { since: Date; lawyerPresent: boolean },
  clockOffset_ms: number,
): TemplateResult {
  const since = minutesAndSeconds(Date.now() + clockOffset_ms - waiting.since.getTime());
  return html`<div class="act" role="status">
    <span class="act-who">${icon("hourglass")}</span>
    <b>${waiting.lawyerPresent ? t("正在等律师请您进入") : t("正在等律师到来")}</b>
    <span class="act-t num">${since}</span>
    <p>${t("您不需要做任何事，律师请您进入后会自动接通。")}</p>
  </div>`;
}

function arrival(entry: RosterEntry, meeting: Meeting): TemplateResult | typeof nothing {
  const values = { name: entry.name, capacity: capacity(entry.kind) };
  if (entry.status === "waiting") {
    return html`<div class="act act-you" role="status">
      <span class="act-who">${icon("user")}</span>
      <b>${t("{name}（{capacity}）在候见室等您", values)}</b>
      <span class="act-t">
        <button class="btn btn-pri" type="button" data-admit=${entry.id} @click=${() => meeting.admit(entry.id)}>
          ${t("请{name}进入", values)}
        </button>
      </span>
      <p>${t("您点了以后才会接通，系统不会自动放人进入。")}</p>
    </div>`;
  }
  if (entry.kind !== "recipient" || (entry.status !== "expected" && entry.status !== "testing"))
    return nothing;
  return html`<div class="act" role="status">
    <span class="act-who">${icon("building")}</span>
    <b>${t("正在等看守所送{name}到会见终端", values)}</b>
    <p>${t("您不需要做任何事，对方到候见室后这里会提示。")}</p>
  </div>`;
}

function called({ roster, calledBy }: MeetingState): TemplateResult {
  const name = roster.find(({ id }) => id === calledBy)?.name ?? "";
  return html`<div class="act" role="status">
    <span class="act-who">${icon("hand")}</span>
    <b>${t("{name}叫了民警", { name })}</b>
    <p>${t("值班民警到场时会听见现场说话，谈案情请等民警离开。")}</p>
  </div>`;
}

function overlay(picture: RoomPicture): TemplateResult | typeof nothing {
  const { state, panel, meeting, open } = picture;
  if (state.refusal !== undefined) return refusalDialog(state.refusal, () => meeting.dismissRefusal());
  if (panel === "leave") return leaveDialog(picture);
  if (panel === "compare") {
    return compareDialog({
      state,
      close: () => open("none"),
      confirm: same(picture),
      differ: different(picture),
    });
  }
  return interruption(state);
}

function same({ state, meeting, open }: RoomPicture): () => void {
  return () => {
    const code = state.keys.inUse?.safetyCode;
    if (code !== undefined) meeting.confirmCode(code);
    open("none");
  };
}

function different({ meeting, open }: RoomPicture): () => void {
  return () => {
    meeting.distrust();
    open("none");
  };
}

function interruption(state: MeetingState): TemplateResult | typeof nothing {
  const dropped = state.roster.find(({ status, kind }) => status === "disconnected" && kind !== "observer");
  if (state.link.state === "connecting" && state.link.attempt > 0) {
    return reconnecting(
      t("您的网络断线，正在自动重连"),
      t("第 {count} 次尝试。您不需要做任何事，口令不变。", { count: state.link.attempt }),
    );
  }
  if (dropped === undefined) return nothing;
  return reconnecting(
    t("{name}断线，正在自动重连", { name: dropped.name }),
    t("您的网络正常。1 分钟内恢复则继续会见，口令不变。"),
  );
}

function reconnecting(title: string, text: string): TemplateResult {
  return html`<div class="veil">
    <div class="dialog" role="alertdialog" aria-labelledby="reconnecting">
      <div class="dialog-b stack">
        <span class="big-spin" aria-hidden="true"></span>
        <h2 id="reconnecting">${title}</h2>
        <p class="muted">${text}</p>
      </div>
    </div>
  </div>`;
}

function bar({ state, meeting, open, panel }: RoomPicture): TemplateResult {
  const { audio, video } = state.muted;
  const hasCode = state.keys.inUse !== undefined;
  return html`<footer class="room-bar">
    <button
      class="rbtn ${audio ? "off" : ""}"
      type="button"
      aria-pressed=${audio ? "true" : "false"}
      @click=${() => meeting.mute({ audio: !audio, video })}
    >
      ${mutedIcon(audio)}${audio ? t("已静音") : t("静音")}
    </button>
    <button
      class="rbtn ${video ? "off" : ""}"
      type="button"
      aria-pressed=${video ? "true" : "false"}
      @click=${() => meeting.mute({ audio, video: !video })}
    >
      ${icon(video ? "video-off" : "video")}${video ? t("画面已关") : t("关画面")}
    </button>
    <button
      class="rbtn"
      type="button"
      aria-expanded=${panel === "compare" ? "true" : "false"}
      ?disabled=${!hasCode}
      @click=${() => open("compare")}
    >
      ${icon("lock")}${t("核对口令")}
    </button>
    <span class="sep"></span>
    <button class="rbtn" type="button" @click=${() => meeting.callOfficer()}>
      ${icon("hand")}${t("叫民警")}
    </button>
    <button class="rbtn leave" type="button" @click=${() => open("leave")}>
      ${icon("phone-off")}${t("离开")}
    </button>
  </footer>`;
}

/** Writes a span as minutes and seconds: 24:08. */
export function minutesAndSeconds(span_ms: number): string {
  const seconds = Math.max(0, Math.floor(span_ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
