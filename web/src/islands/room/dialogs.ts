/** The room's dialogs: comparing the code, leaving, a refusal. Placed so that the other's face stays visible. */

import { html, nothing, type TemplateResult } from "lit";
import { ref } from "lit/directives/ref.js";
import { spokenGroups } from "../../lib/e2ee/safety";
import { t } from "../../lib/i18n";
import { icon } from "../../lib/icons";
import type { MeetingState } from "../../lib/room/meeting";
import { capacity } from "../../lib/room/words";
import type { RoomPicture } from "./view";

const ESCAPE = "Escape";

interface Comparing {
  readonly state: MeetingState;
  readonly close: () => void;
  readonly confirm: () => void;
  readonly differ: () => void;
}

/** Shows the code and asks whether the other end has the same. */
export function compareDialog({ state, close, confirm, differ }: Comparing): TemplateResult | typeof nothing {
  const agreed = state.keys.inUse;
  if (agreed === undefined) return nothing;
  const people = agreed.roster.members
    .map(({ id, name, kind }) => (id === state.self ? t("您") : `${name}（${capacity(kind)}）`))
    .join("，");
  return dialog("lock", t("核对口令"), close, [
    html`<p>${t("请对方把屏幕上的 8 位数字念给您听，和这里一个一个对。")}</p>
      <p class="code-xl">${spokenGroups(agreed.safetyCode)}</p>
      <p>${t("全部相同：现在除下列各人外，没有别人接入，平台也听不到。")}</p>
      <p class="sm muted">${t("口令包括的人：{people}", { people })}</p>
      <p>${t("有一位不同：不要谈案情，点“数字不同”，会立刻停止传送。")}</p>`,
    html`<button class="btn" type="button" @click=${close}>${t("稍后核对")}</button>
      <button class="btn btn-bad" type="button" @click=${differ}>${t("数字不同")}</button>
      <button class="btn btn-pri" type="button" @click=${confirm}>${t("数字相同")}</button>`,
  ]);
}

/** Asks whether only the reader leaves, or the meeting ends for everyone. */
export function leaveDialog({ state, meeting, open }: RoomPicture): TemplateResult {
  const close = (): void => open("none");
  const mayEnd = state.kind === "lawyer";
  return dialog("phone-off", t("离开会见"), close, [
    html`<p>${t("离开后，会见结束前还可以重新进入，口令会更换。")}</p>
      ${mayEnd ? html`<p>${t("结束会见后，任何人都不能再进入，终端上的内容会清除。")}</p>` : nothing}`,
    html`<button class="btn" type="button" @click=${close}>${t("继续会见")}</button>
      <button class="btn btn-bad" type="button" @click=${() => meeting.leave()}>${t("只是我离开")}</button>
      ${
        mayEnd
          ? html`<button class="btn btn-bad-solid" type="button" @click=${() => meeting.end()}>
            ${t("结束会见")}
          </button>`
          : nothing
      }`,
  ]);
}

/** Tells what the server did not allow. */
export function refusalDialog(
  { title, advice }: { readonly title: string; readonly advice: string },
  close: () => void,
): TemplateResult {
  return dialog("alert", title, close, [
    html`<p>${advice}</p>`,
    html`<button class="btn btn-pri" type="button" @click=${close}>${t("知道了")}</button>`,
  ]);
}

function dialog(
  iconName: string,
  title: string,
  close: () => void,
  [body, buttons]: readonly [TemplateResult, TemplateResult],
): TemplateResult {
  return html`<div class="veil veil-l" @keydown=${(event: KeyboardEvent) => event.key === ESCAPE && close()}>
    <div class="dialog" role="dialog" aria-labelledby="dialog-title" tabindex="-1" ${ref(focusOnce)}>
      <div class="dialog-h">${icon(iconName, "l")}<h2 id="dialog-title">${title}</h2></div>
      <div class="dialog-b stack">${body}</div>
      <div class="dialog-f">${buttons}</div>
    </div>
  </div>`;
}

/** Lit calls it when the dialog appears, not each time it is drawn; by then it is not yet in the page. */
function focusOnce(element: Element | undefined): void {
  if (element instanceof HTMLElement) queueMicrotask(() => element.focus());
}
