/**
 * The meeting room of lawyers, interpreters and appropriate adults.
 *
 * The page's element says what it is about: `data-meeting` (identifier), `data-leave` (address to go to afterwards),
 * and its heading. Whoever loads the page has passed the device test and made the declaration.
 */

import { Presence } from "../../lib/room/presence";
import { Screen } from "../../lib/screen";
import { type Panel, roomView } from "./view";

/** Brings the room to life. */
export function mount(element: HTMLElement): () => void {
  const { meeting: id = "", leave = "/" } = element.dataset;
  const title = element.querySelector("h1")?.textContent ?? "";
  let panel: Panel = "none";

  const screen = new Screen(element, () => {
    const { joint, own, faults, meeting } = presence;
    return roomView({
      title,
      leaveTo: leave,
      joint,
      own,
      faults,
      panel,
      meeting,
      state: meeting.state,
      open,
    });
  });
  const presence = new Presence(id, () => screen.redraw());

  function open(next: Panel): void {
    panel = next;
    screen.redraw();
  }

  return () => {
    screen.close();
    presence.close();
  };
}
