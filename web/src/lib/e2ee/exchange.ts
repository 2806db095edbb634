/**
 * The key agreements of one meeting, one after the other, as this participant lives them. Owns which epoch's
 * keys seal and open frames, and when they change; leaves the cryptography to `agreement.ts`, the frames to
 * the `KeySink`, and the wording to `statement.ts`. Knows no network and no WebRTC.
 */

import type { ParticipantStatus, RosterEntry, ServerMessage, ServerMessageOf } from "../../protocol";
import {
  type AbortReason,
  type Agreed,
  Agreement,
  AgreementAborted,
  type MediaKeys,
  type Step,
} from "./agreement";
import type { MediaKind } from "./frames";
import type { Member } from "./safety";

/**
 * Agreements that one page takes part in. Each is a dishonest server's guess at the safety code (`safety.ts`):
 * with this many it is right once in 500,000 meetings. An honest meeting sees one for each who comes or goes.
 */
export const MOST_EPOCHS = 200;

/** How long frames of former keys still open after a change: they are under way. */
const FORMER_KEYS_OPEN_MS = 2000;

/** How long this participant still seals with keys that somebody who left holds. */
const LEAVER_KEYS_SEAL_MS = 2000;

/** Where a member of an agreement is that has left it. One whose connection dropped is expected back. */
const AWAY: ReadonlySet<string> = new Set<ParticipantStatus>(["expected", "testing", "waiting", "left"]);

/** Takes the keys: the worker, in a browser. */
export interface KeySink {
  /** Seal with these keys from now on; a medium that is not among them is not sent. */
  seal(epoch: number, keys: MediaKeys): void;
  /** Seal, and so send, nothing until the next `seal`. */
  pause(): void;
  /** Open a sender's frames of this epoch with this key. */
  open(sender: string, media: MediaKind, epoch: number, key: Uint8Array<ArrayBuffer>): void;
  /** Open no frames of earlier epochs any more. */
  forgetBefore(epoch: number): void;
  /** Seal and open nothing any more. */
  stop(): void;
}

/** How the keys stand. */
export interface KeyState {
  readonly phase: "none" | "agreeing" | "agreed" | "stopped";
  /** The agreement whose keys seal frames now; while `agreeing`, that is the former one, if any. */
  readonly inUse: Agreed | undefined;
  readonly stopped: AbortReason | undefined;
}

const NOTHING: KeyState = { phase: "none", inUse: undefined, stopped: undefined };

type KeyMessageType = "epoch" | "committed" | "all_committed" | "revealed" | "keys_from" | "epoch_complete";
/** The server's messages about keys. */
export type KeyMessage = ServerMessageOf<KeyMessageType>;

const KEY_MESSAGES: ReadonlySet<string> = new Set<KeyMessageType>([
  "epoch",
  "committed",
  "all_committed",
  "revealed",
  "keys_from",
  "epoch_complete",
]);

/** Tells whether a message is about keys. */
export function isKeyMessage(message: ServerMessage): message is KeyMessage {
  return KEY_MESSAGES.has(message.type);
}

/** What an exchange is made of. */
export interface ExchangeParts {
  readonly meeting: string;
  /** This participant's identifier. */
  readonly self: string;
  readonly sink: KeySink;
  /** Sends a request; its answer matters to nobody: a refusal is followed by a new epoch. */
  readonly send: (step: Step) => void;
  /** Told whenever the state has changed. */
  readonly changed: (state: KeyState) => void;
  /** Counts this page's agreements, over all its exchanges. */
  readonly guesses: Guesses;
}

/** How often a dishonest server could have guessed at the safety code. */
export interface Guesses {
  made: number;
}

/** Takes part in one agreement after the other. */
export class KeyExchange {
  readonly #parts: ExchangeParts;
  #state = NOTHING;
  #people: ReadonlyMap<string, Member> = new Map();
  #agreement: Agreement | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
  }

  /** How the keys stand now. */
  get state(): KeyState {
    return this.#state;
  }

  /** Settles when everything that was passed in has been dealt with. */
  get settled(): Promise<void> {
    return this.#work;
  }

  /** Takes the roster: names and capacities that the next agreements bind. */
  meet(entries: readonly RosterEntry[]): void {
    const people = new Map(entries.map(({ id, kind, name }) => [id, { id, kind, name }]));
    const gone = new Set(entries.filter(({ status }) => AWAY.has(status)).map(({ id }) => id));
    this.#enqueue(() => {
      this.#people = people;
      const agreed = this.#state.inUse;
      if (agreed?.roster.members.some(({ id }) => gone.has(id)) === true) this.#dropLater(agreed);
    });
  }

  /** Takes a message about keys, in the order in which it came. */
  receive(message: KeyMessage): void {
    this.#enqueue(() => this.#handle(message));
  }

  /** Gives the keys up for good: the people found that their codes differ, or the worker broke down. */
  giveUp(reason: "different-codes" | "fault"): void {
    this.#stop(reason);
  }

  /** Ends it: nothing is sealed or opened any more. */
  end(): void {
    this.#parts.sink.stop();
    this.#enqueue(() => {
      this.#agreement = undefined;
      this.#set(NOTHING);
    });
  }

  #enqueue(task: () => void | Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#state.phase === "stopped") return;
      try {
        await task();
      } catch (error) {
        // Whatever went wrong, and be it our own mistake: without a finished agreement nothing is sent.
        this.#stop(error instanceof AgreementAborted ? error.reason : "fault");
      }
    });
  }

  async #handle(message: KeyMessage): Promise<void> {
    if (message.type === "epoch") {
      await this.#enterEpoch(message.agreement);
      return;
    }
    const agreement = this.#agreement;
    if (agreement === undefined || agreement.roster.epoch !== message.epoch) return;
    switch (message.type) {
      case "committed":
        agreement.committed(message.participant, message.commitment);
        break;
      case "all_committed":
        this.#send(await agreement.allCommitted(message.commitments));
        break;
      case "revealed":
        this.#send(await agreement.revealed(message.participant, message));
        break;
      case "keys_from":
        this.#send(await agreement.keysFrom(message.keys));
        break;
      case "epoch_complete":
        this.#use(agreement);
        return;
    }
    this.#openWith(agreement);
  }

  async #enterEpoch(state: ServerMessageOf<"epoch">["agreement"]): Promise<void> {
    const isNew = this.#agreement?.roster.epoch !== state.epoch;
    const agreement = isNew ? await this.#begin(state.epoch, state.members) : this.#agreement;
    if (agreement === undefined) return;
    this.#send(agreement.sent);
    await this.#catchUp(agreement, state);
  }

  async #begin(epoch: number, ids: readonly string[]): Promise<Agreement> {
    const former = this.#agreement?.roster;
    if (former !== undefined && epoch <= former.epoch) throw new AgreementAborted("repeated-epoch");
    this.#parts.guesses.made += 1;
    if (this.#parts.guesses.made > MOST_EPOCHS) throw new AgreementAborted("too-many-epochs");
    const members = ids.map((id) => this.#people.get(id));
    if (!members.every((member) => member !== undefined)) throw new AgreementAborted("wrong-members");
    const agreement = await Agreement.begin(
      { meeting: this.#parts.meeting, epoch, members },
      this.#parts.self,
    );
    this.#agreement = agreement;
    this.#set({ ...this.#state, phase: "agreeing" });
    const agreed = this.#state.inUse;
    if (agreed?.roster.members.some(({ id }) => !ids.includes(id)) === true) this.#dropLater(agreed);
    return agreement;
  }

  /** Takes what was said while the connection was away. */
  async #catchUp(agreement: Agreement, state: ServerMessageOf<"epoch">["agreement"]): Promise<void> {
    for (const [participant, commitment] of Object.entries(state.commitments)) {
      agreement.committed(participant, commitment);
    }
    if (Object.keys(state.commitments).length < agreement.roster.members.length) return;
    this.#send(await agreement.allCommitted(state.commitments));
    for (const [participant, revelation] of Object.entries(state.reveals)) {
      if (participant !== this.#parts.self) this.#send(await agreement.revealed(participant, revelation));
    }
    this.#send(await agreement.keysFrom(state.keys));
    this.#openWith(agreement);
    if (state.complete) this.#use(agreement);
  }

  #openWith(agreement: Agreement): void {
    const { epoch } = agreement.roster;
    for (const [sender, keys] of agreement.agreed?.others ?? []) {
      if (keys.audio !== undefined) this.#parts.sink.open(sender, "audio", epoch, keys.audio);
      if (keys.video !== undefined) this.#parts.sink.open(sender, "video", epoch, keys.video);
    }
  }

  #use(agreement: Agreement): void {
    const agreed = agreement.agreed;
    if (agreed === undefined || agreed.roster.epoch === this.#state.inUse?.roster.epoch) return;
    const { epoch } = agreed.roster;
    this.#openWith(agreement);
    this.#parts.sink.seal(epoch, agreed.own);
    setTimeout(() => this.#parts.sink.forgetBefore(epoch), FORMER_KEYS_OPEN_MS);
    this.#set({ phase: "agreed", inUse: agreed, stopped: undefined });
  }

  /** Who left holds these keys: they do not wait for an agreement that fails, or that nobody is there for. */
  #dropLater(agreed: Agreed): void {
    setTimeout(() => {
      if (this.#state.inUse !== agreed) return;
      this.#parts.sink.pause();
      const phase = this.#state.phase === "agreeing" ? "agreeing" : "none";
      this.#set({ phase, inUse: undefined, stopped: undefined });
    }, LEAVER_KEYS_SEAL_MS);
  }

  #stop(reason: AbortReason): void {
    this.#agreement = undefined;
    this.#parts.sink.stop();
    this.#set({ phase: "stopped", inUse: undefined, stopped: reason });
  }

  #send(steps: readonly Step[]): void {
    for (const step of steps) this.#parts.send(step);
  }

  /** Once stopped, it stays so, whatever a step that was under way comes to. */
  #set(state: KeyState): void {
    if (this.#state.phase === "stopped") return;
    this.#state = state;
    this.#parts.changed(state);
  }
}
