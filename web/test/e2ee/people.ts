/** People of a test meeting, and a server between them that relays the key agreement, honestly unless told. */

import type { MediaKeys, Step } from "../../src/lib/e2ee/agreement";
import { KeyExchange, type KeyMessage, type KeySink } from "../../src/lib/e2ee/exchange";
import type { MediaKind } from "../../src/lib/e2ee/frames";
import type { AgreementState, ReceivedKey, Revelation, RosterEntry } from "../../src/protocol";

export const MEETING = "m".repeat(26);
export const LAWYER = entry("a", "lawyer", "周某");
export const RECIPIENT = entry("b", "recipient", "张某");
export const OBSERVER = entry("c", "observer", "孙某");
export const SECOND_LAWYER = entry("d", "lawyer", "林某");

function entry(letter: string, kind: RosterEntry["kind"], name: string): RosterEntry {
  return {
    id: letter.repeat(26),
    kind,
    name,
    status: "admitted",
    sequence: 1,
    audio_muted: false,
    video_muted: false,
    publishing: [],
  };
}

/** A sink that remembers what it was told. */
export class RememberingSink implements KeySink {
  sealing: { readonly epoch: number; readonly keys: MediaKeys } | undefined;
  readonly opening = new Map<string, string>();
  forgottenBefore = 0;
  isStopped = false;

  seal(epoch: number, keys: MediaKeys): void {
    this.sealing = { epoch, keys };
  }

  pause(): void {
    this.sealing = undefined;
  }

  open(sender: string, media: MediaKind, epoch: number, key: Uint8Array): void {
    this.opening.set(`${sender} ${media} ${epoch}`, key.join());
  }

  forgetBefore(epoch: number): void {
    this.forgottenBefore = epoch;
  }

  stop(): void {
    this.isStopped = true;
  }
}

/** One person's browser. */
export interface Person {
  readonly entry: RosterEntry;
  readonly sink: RememberingSink;
  readonly exchange: KeyExchange;
}

/** What a dishonest server does to messages on their way; the honest one changes nothing. */
export interface Tampering {
  /** Changes, drops (null) or lets through what goes to one person. */
  readonly relay?: (message: KeyMessage, receiver: RosterEntry) => KeyMessage | null;
  /** Shows a person another roster. */
  readonly roster?: (entries: readonly RosterEntry[], receiver: RosterEntry) => readonly RosterEntry[];
}

/** Relays as `docs/protocol.md` says. */
export class Relay {
  readonly people: Person[] = [];
  readonly #tampering: Tampering;
  #members: readonly Person[] = [];
  #epoch = 0;
  #commitments: Record<string, string> = {};
  #reveals: Record<string, Revelation> = {};
  #keys = new Map<string, ReceivedKey[]>();
  readonly #keyed = new Set<string>();
  isComplete = false;

  constructor(entries: readonly RosterEntry[], tampering: Tampering = {}) {
    this.#tampering = tampering;
    for (const each of entries) this.add(each);
  }

  add(each: RosterEntry): Person {
    const sink = new RememberingSink();
    const exchange = new KeyExchange({
      meeting: MEETING,
      self: each.id,
      sink,
      send: (step) => this.#take(each.id, step),
      changed: () => undefined,
      guesses: { made: 0 },
    });
    const person = { entry: each, sink, exchange };
    this.people.push(person);
    return person;
  }

  /** Begins an epoch among those given, by default everyone, and lets it run to its end. */
  async agree(members: readonly Person[] = this.people): Promise<void> {
    this.begin(members);
    await this.settle();
  }

  begin(members: readonly Person[] = this.people): void {
    this.#epoch += 1;
    this.#members = members;
    this.#commitments = {};
    this.#reveals = {};
    this.#keys = new Map(members.map(({ entry: { id } }) => [id, []]));
    this.#keyed.clear();
    this.isComplete = false;
    for (const person of members) this.#showEpoch(person);
  }

  /** Tells a person who came back where the agreement stands. */
  resume(person: Person): void {
    this.#showEpoch(person);
  }

  /** Waits until nobody has anything left to do. */
  async settle(): Promise<void> {
    for (let round = 0; round < 12; round += 1) {
      await Promise.all(this.people.map(({ exchange }) => exchange.settled));
    }
  }

  #showEpoch(person: Person): void {
    const entries = this.#members.map((each) => each.entry);
    person.exchange.meet(this.#tampering.roster?.(entries, person.entry) ?? entries);
    this.#tell(person, { type: "epoch", agreement: this.#stateFor(person.entry.id) });
  }

  #stateFor(id: string): AgreementState {
    return {
      epoch: this.#epoch,
      members: this.#members.map((each) => each.entry.id),
      commitments: { ...this.#commitments },
      reveals: { ...this.#reveals },
      keys: [...(this.#keys.get(id) ?? [])],
      complete: this.isComplete,
    };
  }

  #take(participant: string, step: Step): void {
    if (step.epoch !== this.#epoch) return;
    const { epoch } = step;
    switch (step.type) {
      case "commit": {
        if (this.#commitments[participant] !== undefined) return;
        this.#commitments[participant] = step.commitment;
        this.#tellOthers(participant, { type: "committed", epoch, participant, commitment: step.commitment });
        const commitments = { ...this.#commitments };
        if (Object.keys(commitments).length === this.#members.length) {
          this.#tellAll({ type: "all_committed", epoch, commitments });
        }
        return;
      }
      case "reveal": {
        const { public_key, nonce } = step;
        if (this.#reveals[participant] !== undefined) return;
        this.#reveals[participant] = { public_key, nonce };
        this.#tellOthers(participant, { type: "revealed", epoch, participant, public_key, nonce });
        return;
      }
      case "keys":
        for (const { to, media, sealed } of step.keys) {
          const key = { sender: participant, media, sealed };
          this.#keys.get(to)?.push(key);
          const receiver = this.#members.find((each) => each.entry.id === to);
          if (receiver !== undefined) this.#tell(receiver, { type: "keys_from", epoch, keys: [key] });
        }
        return;
      case "keyed":
        this.#keyed.add(participant);
        this.isComplete = this.#keyed.size === this.#members.length;
        if (this.isComplete) this.#tellAll({ type: "epoch_complete", epoch });
    }
  }

  #tellOthers(participant: string, message: KeyMessage): void {
    for (const person of this.#members) if (person.entry.id !== participant) this.#tell(person, message);
  }

  #tellAll(message: KeyMessage): void {
    for (const person of this.#members) this.#tell(person, message);
  }

  #tell(person: Person, message: KeyMessage): void {
    const told = this.#tampering.relay ? this.#tampering.relay(message, person.entry) : message;
    if (told !== null) person.exchange.receive(told);
  }
}
