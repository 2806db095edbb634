/**
 * Keeps an open page current: hears over `/live` that something it shows has happened, fetches the page again and
 * swaps what changed. The line's own element says so when the page may be out of date.
 *
 * `data-watch`: topics beyond the reader's own, by spaces. `data-still`: the page answers a form (a code that is shown
 * once, what is wrong with the input); fetching its address would show another page, or send the form again.
 */

import { t } from "../../lib/i18n";
import { isOutdated, pageAgain } from "../../lib/live/build";
import { HEARD } from "../../lib/live/heard";
import { Line } from "../../lib/live/line";
import { isAtWork, swap } from "../../lib/live/swap";

const GATHER_MS = 150;
/** How long the line may be away before the page says so: leaving a page also ends it. */
const PATIENCE_MS = 3_000;

export function mount(element: HTMLElement): () => void {
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let impatient: ReturnType<typeof setTimeout> | undefined;
  const line = new Line(addressOf(element.dataset["watch"] ?? ""), {
    heard() {
      document.dispatchEvent(new Event(HEARD));
      if ("still" in element.dataset) return;
      clearTimeout(gathering);
      gathering = setTimeout(() => void refresh(element), GATHER_MS);
    },
    away(isAway) {
      if (!isAway) {
        clearTimeout(impatient);
        impatient = undefined;
        element.textContent = "";
      } else {
        impatient ??= setTimeout(() => tell(element), PATIENCE_MS);
      }
    },
    dismissed: () => location.reload(),
  });
  const hurry = () => {
    if (document.visibilityState === "visible") line.hurry();
  };
  document.addEventListener("visibilitychange", hurry);
  window.addEventListener("online", hurry);
  return () => {
    document.removeEventListener("visibilitychange", hurry);
    window.removeEventListener("online", hurry);
    clearTimeout(gathering);
    clearTimeout(impatient);
    line.end();
  };
}

function tell(element: HTMLElement): void {
  element.textContent = t("实时更新暂时中断，正在重新连接。页面内容可能不是最新，您填写的内容不受影响。");
}

function addressOf(watch: string): string {
  const url = new URL("/live", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  for (const topic of watch.split(" ").filter(Boolean)) url.searchParams.append("watch", topic);
  return url.href;
}

/**
 * Fetches the page and swaps what changed. A page that is no longer the reader's is left by loading it anew; so is one
 * of an earlier build, unless somebody is at work in it: then it says so and stays as it is.
 */
async function refresh(element: HTMLElement): Promise<void> {
  const response = await pageAgain();
  if (response === null || response.status >= 500) return;
  if (!response.ok || response.redirected) {
    location.reload();
    return;
  }
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!isOutdated(document, fresh)) {
    swap(document, fresh);
  } else if (isAtWork(document)) {
    element.textContent = t("平台刚刚更新。请先保存您填写的内容，再刷新本页。");
  } else {
    location.reload();
  }
}
