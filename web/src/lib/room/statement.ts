/**
 * What the label of a meeting says about encryption: the truth in every state. It claims encryption only while
 * keys of a finished agreement seal what is sent, and names who must do what where that is not so.
 */

import type { AbortReason } from "../e2ee/agreement";
import { spokenGroups } from "../e2ee/safety";
import { t } from "../i18n";
import type { MeetingState } from "./meeting";

/** What the label shows. */
export interface Statement {
  readonly tone: "ok" | "warn" | "bad" | "neutral";
  readonly text: string;
  /** The safety code in spoken groups, where there is one to compare. */
  readonly code: string | undefined;
  /** What to do about it. */
  readonly advice: string | undefined;
}

/** What a statement rests on. */
export type Evidence = Pick<
  MeetingState,
  "stage" | "keys" | "comparedCode" | "hasLeaked" | "hasComparedBefore"
>;

/** Words the state of encryption for lawyers. */
export function encryptionStatement(evidence: Evidence): Statement {
  const { keys } = evidence;
  if (evidence.hasLeaked) {
    return say("bad", t("加密没有生效，已停止传送"), t("请换用最新版浏览器后重新进入。"));
  }
  if (keys.stopped !== undefined) return say("bad", t("密钥核对失败，已停止传送"), adviceOn(keys.stopped));
  if (evidence.stage !== "inside") return say("neutral", t("尚未接通，不传声音和画面"));
  if (keys.inUse === undefined) {
    return keys.phase === "agreeing"
      ? say("warn", t("正在协商密钥，接通前不传声音和画面"))
      : say("neutral", t("只有您一人，不传声音和画面"));
  }
  const code = spokenGroups(keys.inUse.safetyCode);
  if (keys.phase === "agreeing") {
    return { ...say("warn", t("端到端加密，有人进出，正在更换密钥")), code };
  }
  if (evidence.comparedCode === keys.inUse.safetyCode) {
    return { ...say("ok", t("端到端加密，口令已核对")), code };
  }
  const text = evidence.hasComparedBefore ? t("换人后请重新核对口令") : t("端到端加密，口令待核对");
  return { ...say("warn", text, t("请对方念出口令，与这里相同才算核对。")), code };
}

function say(tone: Statement["tone"], text: string, advice?: string): Statement {
  return { tone, text, code: undefined, advice };
}

function adviceOn(reason: AbortReason): string {
  switch (reason) {
    case "too-many-epochs":
      return t("参加人进出次数过多，请刷新本页后重新进入。");
    case "fault":
      return t("请刷新本页后重新进入；再次出现时请换用最新版浏览器。");
    default:
      return t("可能有人冒充参加人。请刷新本页重新进入；再次出现时不要谈案情，并联系管理员。");
  }
}
