/** The sheet of keyboard shortcuts. */

import { html, render } from "lit";
import { t } from "../../lib/i18n";

/** Shows the sheet until it is closed; focus goes back where it was. */
export function showHelp(mayWrite: boolean): void {
  const dialog = document.createElement("dialog");
  dialog.className = "r-help";
  dialog.setAttribute("aria-label", t("快捷键"));
  const keys: readonly (readonly [string, string])[] = [
    ["← →", t("上一页，下一页")],
    ["Home End", t("第一页，最后一页")],
    ["G", t("输入页码")],
    ["+ - 0", t("放大，缩小，适合宽度")],
    ...(mayWrite
      ? ([
          ["R", t("开始或结束区域标注")],
          ["1 2 3 4", t("选择事实、疑点、有利、程序")],
          ["← ↑ → ↓", t("标注时移动方框，按住 Shift 改大小，按住 Alt 微调")],
          ["Enter", t("标注时确定方框，再写说明")],
          ["Ctrl Enter", t("保存批注")],
        ] as const)
      : []),
    ["Esc", t("取消")],
    ["?", t("显示这张表")],
  ];
  render(
    html`<h2>${t("快捷键")}</h2>
      <dl>
        ${keys.map(([key, words]) => html`<dt><kbd>${key}</kbd></dt><dd>${words}</dd>`)}
      </dl>
      <p class="sm muted">${t("在输入框里打字时，快捷键不起作用。")}</p>
      <form method="dialog"><button class="btn btn-pri btn-sm">${t("关闭")}</button></form>`,
    dialog,
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
