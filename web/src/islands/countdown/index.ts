/** Counts down to `data-until`; what it counts stands in words beside it, so screen readers are not interrupted. */

import { running, serverNow_ms } from "../../lib/clock";

export function mount(element: HTMLElement): () => void {
  const until_ms = Date.parse(element.dataset["until"] ?? "");
  element.setAttribute("role", "timer");
  const show = () => {
    element.textContent = running(until_ms - serverNow_ms());
  };
  show();
  const timer = setInterval(show, 1000);
  return () => clearInterval(timer);
}
