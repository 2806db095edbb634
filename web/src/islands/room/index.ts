/**
 * The meeting room of lawyers, interpreters and appropriate adults.
 *
 * The page's element says what it is about: `data-meeting` (identifier), `data-leave` (address to go to afterwards),
 * and its heading. Whoever loads the page has passed the device test and made the declaration.
 */

import { jointOf } from "../../lib/e2ee/vault";
import { socketAddress } from "../../lib/room/address";
import { capture, keepAwake } from "../../lib/room/devices";
import { Meeting } from "../../lib/room/meeting";
import { Screen } from "../../lib/screen";
import { type Panel, roomView } from "./view";

/** Brings the room to life. */
export function mount(element: HTMLElement): () => void {
  const { meeting: id = "", leave = "/" } = element.dataset;
  const title = element.querySelector("h1")?.textContent ?? "";
  const joint = jointOf(globalThis);
  const letSleep = keepAwake();
  let own: MediaStream | undefined;
  let panel: Panel = "none";

  const screen = new Screen(element, () =>
    roomView({ title, leaveTo: leave, joint, own, panel, meeting, state: meeting.state, open }),
  );
  const meeting = new Meeting(socketAddress(id), () => screen.redraw());

  function open(next: Panel): void {
    panel = next;
    screen.redraw();
  }

  async function enter(): Promise<void> {
    const { stream } = await capture();
    own = stream;
    meeting.enter(stream);
  }

  // A browser that can't seal frames sends none: it is told so, and asks for no camera.
  if (joint !== "none") void enter();
  return () => {
    screen.close();
    letSleep();
    meeting.close();
    for (const track of own?.getTracks() ?? []) track.stop();
  };
}
