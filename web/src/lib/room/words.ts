/** Words of a meeting that several islands say. */

import type { ParticipantKind } from "../../protocol";
import { CloseCode } from "../../protocol";
import { t } from "../i18n";
import type { DeviceFault } from "./devices";
import type { MeetingState } from "./meeting";
import type { Grade } from "./network";

/** Names a capacity. */
export function capacity(kind: ParticipantKind): string {
  switch (kind) {
    case "lawyer":
      return t("律师");
    case "recipient":
      return t("受援人");
    case "interpreter":
      return t("翻译");
    case "appropriate_adult":
      return t("合适成年人");
    case "observer":
      return t("看守所值班民警");
  }
}

/** Words a grade of the network for people who can change something about it. */
export function gradeWords(grade: Grade): string {
  switch (grade) {
    case "good":
      return t("网络 好");
    case "fair":
      return t("网络 一般");
    case "poor":
      return t("网络 差");
  }
}

/** Says what is wrong with a camera or microphone, and how to mend it. */
export function faultWords(device: "audio" | "video", fault: DeviceFault): string {
  const name = device === "audio" ? t("麦克风") : t("摄像头");
  switch (fault) {
    case "denied":
      return t("浏览器没有获准使用{device}。请点地址栏左边的图标，改为允许，再重测。", { device: name });
    case "missing":
      return t("没有找到{device}。请插好后重测。", { device: name });
    case "busy":
      return t("{device}正被别的程序使用。请关掉那个程序后重测。", { device: name });
    case "insecure":
      return t("这个网址不是 https 开头，浏览器不允许使用{device}。请用 https 网址进入。", { device: name });
    case "other":
      return t("{device}无法使用。请重新插拔后重测。", { device: name });
  }
}

/** Says why a meeting is over for the reader. */
export function endWords({ endReason, link }: MeetingState): { title: string; text: string } {
  switch (endReason) {
    case "ended_by_lawyer":
      return { title: t("会见已结束"), text: t("律师结束了会见。没有录音，没有录像。") };
    case "ended_by_recipient":
      return { title: t("会见已结束"), text: t("受援人结束了会见。没有录音，没有录像。") };
    case "time_over":
      return { title: t("会见时间到"), text: t("本次预约的时间已用完。没有录音，没有录像。") };
    case "cancelled":
      return { title: t("会见已取消"), text: t("如需会见，请重新预约。") };
    case undefined:
  }
  const code = link.state === "closed" ? link.code : undefined;
  switch (code) {
    case CloseCode.replaced:
      return { title: t("已在另一个页面打开"), text: t("您在别处进入了这次会见，这里已停止传送。") };
    case CloseCode.notPermitted:
      return { title: t("您已不能参加这次会见"), text: t("参加资格有变动，请联系承办机构。") };
    case CloseCode.unreadable:
      return { title: t("页面版本过旧"), text: t("系统刚刚更新，请刷新本页后重新进入。") };
    default:
      return { title: t("您已离开会见"), text: t("会见结束前可以重新进入。") };
  }
}
