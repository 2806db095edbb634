/**
 * The terminal of the recipient, from the waiting room on: waits by itself, shows the lawyer large, forgets
 * everything at the end. The screens before (code, notice) and after (ended, cleared) are the server's.
 *
 * The element says `data-state`; while it is `waiting` or `meeting`, also `data-meeting`.
 */

import { Presence } from "../../lib/room/presence";
import { Screen } from "../../lib/screen";
import { kioskView } from "./view";

const LIVE_STATES: ReadonlySet<string | undefined> = new Set(["waiting", "meeting"]);
/** How loud the lawyer is, in steps that can be heard. */
const VOLUME_STEP = 0.2;
/** How long the last words stand before the server's own last screen comes. */
const LAST_WORDS_MS = 2000;

/** Brings the terminal to life; screens without a meeting need nothing from it. */
export function mount(element: HTMLElement): () => void {
  const { state, meeting: id } = element.dataset;
  if (!LIVE_STATES.has(state) || id === undefined) return () => undefined;
  const place = element.querySelector(".k-place")?.textContent ?? "";
  let volume = 1;
  let isEnding = false;
  let leaving: ReturnType<typeof setTimeout> | undefined;

  const screen = new Screen(element, () => {
    const { joint, own, faults, meeting } = presence;
    const shown = { place, joint, own, faults, volume, isEnding, meeting, state: meeting.state };
    return kioskView({ ...shown, louder, askToEnd, leaveScreen });
  });
  const presence = new Presence(id, ({ stage, endReason }) => {
    element.classList.toggle("theme-dark", stage === "inside");
    screen.redraw();
    if (endReason !== undefined) leaving ??= setTimeout(leaveScreen, LAST_WORDS_MS);
  });

  function louder(steps: number): void {
    volume = Math.min(1, Math.max(VOLUME_STEP, volume + steps * VOLUME_STEP));
    screen.redraw();
  }

  function askToEnd(isAsked: boolean): void {
    isEnding = isAsked;
    screen.redraw();
  }

  /** Forgets the page: the server shows the next screen. */
  function leaveScreen(): void {
    location.replace(location.href);
  }

  return () => {
    clearTimeout(leaving);
    screen.close();
    presence.close();
  };
}
