/**
 * The device test before a meeting. Fills the places that the page has for it (`data-prejoin`): the camera's picture,
 * and for camera, microphone, speaker and network what was found. Everything stays on this machine.
 */

import { html, render, type TemplateResult } from "lit";
import { jointOf } from "../../lib/e2ee/vault";
import { t } from "../../lib/i18n";
import { icon } from "../../lib/icons";
import { type Capture, capture, follow } from "../../lib/room/devices";
import { faultWords } from "../../lib/room/words";
import { shows } from "../../lib/shows";

const BARS = 24;
const HEARD_LEVEL = 0.35;
const TONE_HZ = 660;
const TONE_S = 0.6;

type Verdict = "ok" | "warn" | "bad" | "neutral";
const VERDICT_ICONS = { ok: "check", warn: "alert", bad: "x", neutral: "minus" } as const;

/** Brings the device test to life. */
export function mount(element: HTMLElement): () => void {
  let own: MediaStream | undefined;
  let endMeter = (): void => undefined;
  let isOver = false;

  function place(name: string): HTMLElement | null {
    return element.querySelector<HTMLElement>(`[data-prejoin="${name}"]`);
  }

  function say(device: string, verdict: Verdict, chip: string, words: string | TemplateResult): void {
    const [state, told] = [place(`${device}-state`), place(`${device}-words`)];
    const label = html`<span class="chip chip-${verdict}">${icon(VERDICT_ICONS[verdict])}${chip}</span>`;
    if (state !== null) render(label, emptied(state));
    if (told !== null) render(html`${words}`, emptied(told));
  }

  async function test(): Promise<void> {
    endMeter();
    for (const track of own?.getTracks() ?? []) track.stop();
    const captured = await capture();
    if (isOver) {
      for (const track of captured.stream?.getTracks() ?? []) track.stop();
      return;
    }
    own = captured.stream;
    showCamera(captured);
    showMicrophone(captured);
  }

  function showCamera({ stream, faults }: Capture): void {
    const [track] = stream?.getVideoTracks() ?? [];
    const view = place("camera");
    if (view !== null && track !== undefined) {
      const picture = new MediaStream([track]);
      const label = html`<span class="cam-l">${icon("video")}${t("您的画面")}</span>`;
      render(
        html`<video ${shows(picture)} .muted=${true} autoplay playsinline class="mirrored"></video>${label}`,
        emptied(view),
      );
    }
    if (track === undefined)
      say("camera", "bad", t("不能用"), faultWords("video", faults.video ?? "missing"));
    else {
      const { width = 0, height = 0 } = track.getSettings();
      say("camera", "ok", t("正常"), `${track.label} ${width}×${height}`);
    }
  }

  function showMicrophone({ stream, faults }: Capture): void {
    const [track] = stream?.getAudioTracks() ?? [];
    if (track === undefined) {
      say("microphone", "bad", t("不能用"), faultWords("audio", faults.audio ?? "missing"));
      return;
    }
    let loudest = 0;
    endMeter = follow(new MediaStream([track]), (level) => {
      loudest = Math.max(loudest, level);
      const isHeard = loudest >= HEARD_LEVEL;
      const chip = isHeard ? t("正常") : t("请说一句话");
      say("microphone", isHeard ? "ok" : "neutral", chip, html`${track.label} ${meter(level)}`);
    });
  }

  function showSpeaker(): void {
    const play = html`<button class="btn btn-sm" type="button" @click=${playTone}>${t("播放测试音")}</button>`;
    say("speaker", "neutral", t("请听一下"), html`${t("建议戴耳机")} ${play}`);
  }

  function showNetwork(): void {
    if (jointOf(globalThis) === "none") {
      say("network", "bad", t("不能用"), t("这个浏览器不能加密会见，请换用新版浏览器。"));
      return;
    }
    const isOnline = navigator.onLine;
    const words = isOnline
      ? t("浏览器可以加密，进入后会显示网络好坏。")
      : t("没有连上网络，请检查网线或无线网。");
    say("network", isOnline ? "ok" : "bad", isOnline ? t("已连接") : t("断线"), words);
  }

  const again = (): void => void test();
  navigator.mediaDevices?.addEventListener("devicechange", again);
  showSpeaker();
  showNetwork();
  void test();
  return () => {
    isOver = true;
    navigator.mediaDevices?.removeEventListener("devicechange", again);
    endMeter();
    for (const track of own?.getTracks() ?? []) track.stop();
  };
}

/** Takes out, once, what the server had put into a place. */
function emptied(place: HTMLElement): HTMLElement {
  if (place.dataset["filled"] === undefined) place.replaceChildren();
  place.dataset["filled"] = "";
  return place;
}

function meter(level: number): TemplateResult {
  const lit = Math.round(level * BARS);
  const bars = Array.from({ length: BARS }, (_, index) => `M${index * 10} 2h8v16h-8z`);
  return html`<svg class="meter" viewBox="0 0 240 20" preserveAspectRatio="none" role="img" aria-label=${t("输入音量")}>
    <path class="on" d=${bars.slice(0, lit).join("") || "M0 0"} />
    <path class="off" d=${bars.slice(lit).join("") || "M0 0"} />
  </svg>`;
}

function playTone(): void {
  const context = new AudioContext();
  const tone = context.createOscillator();
  tone.frequency.value = TONE_HZ;
  tone.connect(context.destination);
  tone.start();
  tone.stop(context.currentTime + TONE_S);
  tone.onended = () => void context.close();
}
