/** How many alerts wait for the reader, beside the link to them; asked again whenever the page hears of something. */

import { t } from "../../lib/i18n";
import { HEARD } from "../../lib/live/heard";

const MOST_SHOWN = 99;

let asking: Promise<number> | undefined;

export function mount(badge: HTMLElement): () => void {
  const show = async () => {
    const open = await count();
    badge.hidden = open === 0;
    badge.textContent = open > MOST_SHOWN ? `${MOST_SHOWN}+` : String(open);
    badge.setAttribute("aria-label", t("{count} 条待处理", { count: open }));
    badge.setAttribute("role", "img");
  };
  const heard = () => void show();
  document.addEventListener(HEARD, heard);
  void show();
  return () => document.removeEventListener(HEARD, heard);
}

/** Asks the server once for all badges of the page; 0 while it can't be asked. */
function count(): Promise<number> {
  asking ??= ask().finally(() => {
    asking = undefined;
  });
  return asking;
}

async function ask(): Promise<number> {
  const answer = await fetch("/alerts/count", { headers: { Accept: "application/json" } }).catch(
    () => undefined,
  );
  if (answer === undefined || !answer.ok) return 0;
  const told = (await answer.json()) as { readonly open: number };
  return told.open;
}
