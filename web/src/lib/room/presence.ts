/** One person at this machine in a meeting: their camera and microphone, the screen kept on, the meeting itself. */

import { type Joint, jointOf } from "../e2ee/vault";
import { socketAddress } from "./address";
import { type Capture, capture, keepAwake } from "./devices";
import { Meeting, type MeetingState } from "./meeting";

/** Goes into a meeting at once, with what devices there are; a browser that can't seal frames stays outside. */
export class Presence {
  readonly joint: Joint = jointOf(globalThis);
  readonly meeting: Meeting;
  readonly #letSleep = keepAwake();
  #own: MediaStream | undefined;
  #faults: Capture["faults"] = {};
  #isOver = false;

  constructor(meeting: string, changed: (state: MeetingState) => void) {
    this.meeting = new Meeting(socketAddress(meeting), changed);
    if (this.joint !== "none") void this.#enter();
  }

  /** What this person sends. */
  get own(): MediaStream | undefined {
    return this.#own;
  }

  /** What is wrong with camera and microphone. */
  get faults(): Capture["faults"] {
    return this.#faults;
  }

  /** Ends it, and lets go of the devices. */
  close(): void {
    this.#isOver = true;
    this.#letSleep();
    this.meeting.close();
    this.#release();
  }

  async #enter(): Promise<void> {
    const { stream, faults } = await capture();
    this.#own = stream;
    this.#faults = faults;
    if (this.#isOver) this.#release();
    else this.meeting.enter(stream);
  }

  #release(): void {
    for (const track of this.#own?.getTracks() ?? []) track.stop();
  }
}
