/** Lets a `<time>` go on by the server's clock. */

import { moment, serverNow_ms } from "../../lib/clock";

const MINUTE_MS = 60_000;

export function mount(element: HTMLElement): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const show = () => {
    const now_ms = serverNow_ms();
    element.textContent = moment(now_ms, document.documentElement.lang);
    timer = setTimeout(show, MINUTE_MS - (now_ms % MINUTE_MS) + 20);
  };
  show();
  return () => clearTimeout(timer);
}
