/**
 * The terminal of the recipient, from the waiting room on: waits by itself, shows the lawyer large, forgets
 * everything at the end. The screens before (code, notice) and after (ended, cleared) are the server's.
 *
 * The element says `data-state`; while it is `waiting` or `meeting`, also `data-meeting`.
 */

import { jointOf } from "../../lib/e2ee/vault";
import { socketAddress } from "../../lib/room/address";
import { capture, keepAwake } from "../../lib/room/devices";
import { Meeting } from "../../lib/room/meeting";
import { Screen } from "../../lib/screen";
import { kioskView } from "./view";

const LIVE_STATES: ReadonlySet<string | undefined> = new Set(["waiting", "meeting"]);
/** How loud the lawyer is, in steps that can be heard. */
const VOLUME_STEP = 0.2;

/** Brings the terminal to life; screens without a meeting need nothing from it. */
export function mount(element: HTMLElement): () => void {
  const { state, meeting: id } = element.dataset;
  if (!LIVE_STATES.has(state) || id === undefined) return () => undefined;
  const joint = jointOf(globalThis);
  const place = element.querySelector(".k-place")?.textContent ?? "";
  const letSleep = keepAwake();
  let own: MediaStream | undefined;
  let volume = 1;
  let isEnding = false;

  const screen = new Screen(element, () =>
    kioskView({
      place,
      joint,
      own,
      volume,
      isEnding,
      meeting,
      state: meeting.state,
      louder,
      askToEnd,
      leaveScreen,
    }),
  );
  const meeting = new Meeting(socketAddress(id), ({ stage }) => {
    element.classList.toggle("theme-dark", stage === "inside");
    screen.redraw();
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

  async function enter(): Promise<void> {
    const { stream } = await capture();
    own = stream;
    meeting.enter(stream);
  }

  if (joint !== "none") void enter();
  return () => {
    screen.close();
    letSleep();
    meeting.close();
    for (const track of own?.getTracks() ?? []) track.stop();
  };
}
