/**
 * A meeting as one participant lives it. Owns the state that pages show and the requests that people make;
 * leaves connections and keys to `inside.ts`, words and pictures to the islands.
 */

import type {
  IceServer,
  ParticipantKind,
  Request,
  RosterEntry,
  ServerMessage,
  ServerMessageOf,
} from "../../protocol";
import { isKeyMessage, type KeyState } from "../e2ee/exchange";
import type { AllCounts } from "../e2ee/pipeline";
import { hasBeenReplaced } from "../live/build";
import type { Flow } from "./connections";
import { Inside, type Reception } from "./inside";
import { type Quality, qualityOf, type Sample } from "./network";
import { type Link, RequestRefused, Signalling } from "./signalling";

const LOOK_EVERY_MS = 2000;
/** Packets by which the statistics may be ahead of the worker's count. */
const UNCOUNTED_PACKETS = 50;

/** Where this participant is. */
export type Stage = "arriving" | "testing" | "waiting" | "inside" | "ended";

/** What a page shows. Replaced as a whole whenever anything changes. */
export interface MeetingState {
  readonly link: Link;
  readonly stage: Stage;
  readonly self: string;
  readonly kind: ParticipantKind | undefined;
  /** Set while this participant waits. */
  readonly waiting: { readonly since: Date; readonly lawyerPresent: boolean } | undefined;
  readonly roster: readonly RosterEntry[];
  /** Who of the facility watches now. */
  readonly watching: readonly string[];
  /** Whether the facility's officers may watch at all. */
  readonly mayBeWatched: boolean;
  readonly startsAt: Date | undefined;
  readonly endsAt: Date | undefined;
  /** Add it to this machine's clock to have the server's. */
  readonly clockOffset_ms: number;
  readonly keys: KeyState;
  /** The code that the people here have found to be the same. */
  readonly comparedCode: string | undefined;
  /** A code was compared before the present one came up: somebody has come or gone since. */
  readonly hasComparedBefore: boolean;
  /** Media left this page without having been sealed. */
  readonly hasLeaked: boolean;
  readonly sending: Flow;
  readonly receptions: ReadonlyMap<string, Reception>;
  readonly muted: { readonly audio: boolean; readonly video: boolean };
  readonly quality: Quality | undefined;
  /** Frames of this stay, sealed, opened and refused: the evidence behind the label. */
  readonly counts: AllCounts | undefined;
  /** Who called the officer last. */
  readonly calledBy: string | undefined;
  /** The server was replaced by another build while this page was open; both still speak the same protocol. */
  readonly isOutdated: boolean;
  readonly endReason: ServerMessageOf<"ended">["reason"] | undefined;
  readonly refusal: { readonly title: string; readonly advice: string } | undefined;
}

const NO_KEYS: KeyState = { phase: "none", inUse: undefined, stopped: undefined };

const BEGINNING: MeetingState = {
  link: { state: "connecting", attempt: 0 },
  stage: "arriving",
  self: "",
  kind: undefined,
  waiting: undefined,
  roster: [],
  watching: [],
  mayBeWatched: false,
  startsAt: undefined,
  endsAt: undefined,
  clockOffset_ms: 0,
  keys: NO_KEYS,
  comparedCode: undefined,
  hasComparedBefore: false,
  hasLeaked: false,
  sending: "connecting",
  receptions: new Map(),
  muted: { audio: false, video: false },
  quality: undefined,
  counts: undefined,
  calledBy: undefined,
  isOutdated: false,
  endReason: undefined,
  refusal: undefined,
};

/** Takes part in one meeting. */
export class Meeting {
  readonly #changed: (state: MeetingState) => void;
  readonly #signalling: Signalling;
  readonly #guesses = { made: 0 };
  #state = BEGINNING;
  #meeting = "";
  #iceServers: readonly IceServer[] = [];
  #inside: Inside | undefined;
  #stream: MediaStream | undefined;
  #wantsIn = false;
  #wasOpen = false;
  #lookedAt: Sample | undefined;
  readonly #looking: ReturnType<typeof setInterval>;

  constructor(url: string, changed: (state: MeetingState) => void) {
    this.#changed = changed;
    this.#signalling = new Signalling({
      url,
      received: (message) => this.#take(message),
      linked: (link) => this.#linked(link),
    });
    this.#looking = setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  get state(): MeetingState {
    return this.#state;
  }

  /** Asks to be let in, with what this page will send. */
  enter(stream: MediaStream | undefined): void {
    this.#stream = stream;
    this.#wantsIn = true;
    this.#ask({ type: "enter" });
  }

  /** Sends another camera or microphone from now on. */
  replaceStream(stream: MediaStream): void {
    this.#stream = stream;
    this.#applyMute();
    this.#inside?.send(stream);
  }

  /** Lets somebody in who waits. */
  admit(participant: string): void {
    this.#ask({ type: "admit", participant });
  }

  /** Sends somebody back to the waiting room. */
  sendBack(participant: string): void {
    this.#ask({ type: "send_back", participant });
  }

  /** Stops or goes on sending sound or picture. */
  mute(muted: MeetingState["muted"]): void {
    this.#set({ muted });
    this.#applyMute();
    if (this.#state.stage === "inside") this.#tellMute();
  }

  /** Has the officer called. */
  callOfficer(): void {
    this.#ask({ type: "call_officer" });
  }

  /** The people here have read the code to each other, and it was the same. */
  confirmCode(code: string): void {
    this.#set({ comparedCode: code, hasComparedBefore: true });
  }

  /** The codes differed: nothing is sent or shown any more. */
  distrust(): void {
    this.#inside?.distrust();
  }

  /** Closes the meeting for everyone. */
  end(): void {
    this.#ask({ type: "end" });
  }

  /** Leaves for good. */
  leave(): void {
    this.#ask({ type: "leave" });
    this.#goOut("ended");
  }

  /** Puts away what was refused. */
  dismissRefusal(): void {
    this.#set({ refusal: undefined });
  }

  /** Ends everything without a word, as when the page goes away. */
  close(): void {
    clearInterval(this.#looking);
    this.#inside?.close();
    this.#inside = undefined;
    this.#signalling.close();
  }

  #take(message: ServerMessage): void {
    if (isKeyMessage(message)) {
      this.#inside?.agree(message);
      return;
    }
    switch (message.type) {
      case "welcome":
        this.#welcome(message);
        return;
      case "waiting":
        this.#goOut("waiting");
        this.#set({ waiting: { since: new Date(message.since), lawyerPresent: message.lawyer_present } });
        return;
      case "admitted":
        this.#goIn();
        return;
      case "roster":
        this.#meet(message.participants);
        return;
      case "watching":
        this.#set({ watching: message.observers });
        return;
      case "officer_called":
        this.#set({ calledBy: message.participant });
        return;
      case "ended":
        this.#set({ endReason: message.reason });
        this.#goOut("ended");
        return;
      case "error":
        this.#set({ refusal: message });
        return;
      default:
      // Answers to requests whose page no longer waits for them.
    }
  }

  #welcome(welcome: ServerMessageOf<"welcome">): void {
    this.#meeting = welcome.meeting;
    this.#iceServers = welcome.ice_servers;
    this.#set({
      self: welcome.you,
      kind: welcome.kind,
      watching: welcome.watching,
      mayBeWatched: welcome.guard_viewing !== "off",
      startsAt: new Date(welcome.starts_at),
      endsAt: new Date(welcome.ends_at),
      clockOffset_ms: Date.parse(welcome.now) - Date.now(),
    });
    if (welcome.resumed && this.#state.stage !== "arriving") {
      // What was asked while the connection was away never arrived.
      if (welcome.status === "testing" && this.#wantsIn) this.#ask({ type: "enter" });
      return;
    }
    // The place was not kept: whatever was agreed is worth nothing any more.
    this.#goOut(welcome.status === "waiting" ? "waiting" : "testing");
    this.#set({ roster: [] });
    if (welcome.status === "admitted") this.#goIn();
    else if (this.#wantsIn) this.#ask({ type: "enter" });
  }

  #goIn(): void {
    if (this.#state.hasLeaked) return;
    this.#inside?.close();
    this.#inside = new Inside({
      meeting: this.#meeting,
      self: this.#state.self,
      iceServers: this.#iceServers,
      guesses: this.#guesses,
      request: (request) => this.#signalling.request(request),
      changed: () => this.#show(),
    });
    this.#set({ stage: "inside", waiting: undefined, comparedCode: undefined });
    if (this.#stream !== undefined) {
      this.#inside.send(this.#stream);
      this.#tellMute();
    }
  }

  #goOut(stage: Stage): void {
    this.#inside?.close();
    this.#inside = undefined;
    this.#lookedAt = undefined;
    this.#set({
      stage,
      keys: NO_KEYS,
      receptions: new Map(),
      quality: undefined,
      counts: undefined,
      comparedCode: undefined,
    });
  }

  #meet(entries: readonly RosterEntry[]): void {
    const known = new Map(this.#state.roster.map((entry) => [entry.id, entry]));
    const roster = entries.map((entry) => {
      const older = known.get(entry.id);
      return older !== undefined && older.sequence > entry.sequence ? older : entry;
    });
    this.#set({ roster });
    this.#inside?.meet(roster);
    this.#show();
  }

  #linked(link: Link): void {
    this.#set({ link });
    if (link.state === "closed") this.#goOut("ended");
    if (link.state !== "open") return;
    if (this.#wasOpen) void this.#compareBuilds();
    this.#wasOpen = true;
  }

  /** A server that went away and came back may be a newer one. */
  async #compareBuilds(): Promise<void> {
    if (await hasBeenReplaced()) this.#set({ isOutdated: true });
  }

  #show(): void {
    if (this.#inside === undefined) return;
    const { keys, sending, receptions } = this.#inside;
    this.#set({ keys, sending, receptions: new Map(receptions) });
  }

  #tellMute(): void {
    const { audio, video } = this.#state.muted;
    this.#ask({ type: "mute", audio_muted: audio, video_muted: video });
  }

  #applyMute(): void {
    const { audio, video } = this.#state.muted;
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = !audio;
    for (const track of this.#stream?.getVideoTracks() ?? []) track.enabled = !video;
  }

  /** Sends a request whose answer is what the server tells everyone; a refusal is shown. */
  #ask(request: Request): void {
    this.#signalling.request(request).catch((error: unknown) => {
      if (error instanceof RequestRefused) this.#set({ refusal: error });
    });
  }

  /** Grades the network, and makes sure that nothing leaves unsealed. */
  async #look(): Promise<void> {
    const inside = this.#inside;
    if (inside === undefined) return;
    const { outgoing } = inside;
    const sample = await inside.sample();
    const counts = await inside.count();
    if (inside !== this.#inside) return;
    const quality = qualityOf(this.#lookedAt, sample);
    this.#lookedAt = sample;
    // Of a connection that was replaced in between, packets and frames would not be those of the same one.
    if (outgoing === inside.outgoing && isLeaking(sample, counts)) {
      inside.close();
      this.#inside = undefined;
      for (const track of this.#stream?.getTracks() ?? []) track.stop();
      this.#set({ hasLeaked: true });
    }
    this.#set({ quality, counts });
  }

  #set(change: Partial<MeetingState>): void {
    this.#state = { ...this.#state, ...change };
    this.#changed(this.#state);
  }
}

/**
 * Tells whether something was sent that was not sealed: some browser found a way around the worker. An audio frame
 * is one packet, so these are counted; of video it is told by packets before the first sealed frame. Both belong to
 * one connection: what an earlier one sealed excuses nothing.
 */
export function isLeaking(sample: Sample, counts: AllCounts): boolean {
  const isVideoOpen = counts.video.sealedOfNewest === 0 && sample.videoPacketsSent > UNCOUNTED_PACKETS;
  return isVideoOpen || sample.audioPacketsSent > counts.audio.sealedOfNewest + UNCOUNTED_PACKETS;
}

/** Tells whether somebody is in the room; whose connection dropped keeps the place for a minute. */
export function isInside({ status }: RosterEntry): boolean {
  return status === "admitted" || status === "in_consultation" || status === "disconnected";
}
