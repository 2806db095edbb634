/**
 * One stay inside the room, from being let in to going out: worker, keys, connections. All of it ends with the
 * stay; who comes in again begins with nothing.
 */

import type { IceServer, Request, RosterEntry, ServerMessage } from "../../protocol";
import { type Guesses, KeyExchange, type KeyMessage, type KeyState } from "../e2ee/exchange";
import type { AllCounts } from "../e2ee/pipeline";
import { Vault } from "../e2ee/vault";
import { type Connection, type Flow, type Lines, publish, subscribe } from "./connections";
import { type Sample, sampleOf } from "./network";

/** What a stay is made of. */
export interface InsideParts {
  readonly meeting: string;
  readonly self: string;
  readonly iceServers: readonly IceServer[];
  readonly guesses: Guesses;
  readonly request: (request: Request) => Promise<ServerMessage>;
  readonly changed: () => void;
}

/** One participant whom this page receives. */
export interface Reception {
  readonly stream: MediaStream;
  readonly flow: Flow;
}

interface Subscription {
  readonly media: string;
  readonly connection: Connection;
  readonly stream: MediaStream;
  flow: Flow;
}

/** The server answered with a message of another type. */
class WrongAnswer extends Error {}

/** Sends, receives and agrees on keys while this participant is in the room. */
export class Inside {
  readonly #parts: InsideParts;
  readonly #vault = new Vault(() => this.#exchange.giveUp("fault"));
  readonly #exchange: KeyExchange;
  readonly #lines: Lines;
  readonly #subscriptions = new Map<string, Subscription>();
  #publication: Connection | undefined;
  #sending: Flow = "connecting";

  constructor(parts: InsideParts) {
    this.#parts = parts;
    this.#lines = { vault: this.#vault, iceServers: parts.iceServers };
    this.#exchange = new KeyExchange({
      meeting: parts.meeting,
      self: parts.self,
      sink: this.#vault,
      guesses: parts.guesses,
      send: (step) => {
        // A refused step is followed by a new epoch, a lost one by the state of the running one.
        parts.request(step).catch(() => undefined);
      },
      changed: parts.changed,
    });
  }

  /** How the keys stand. */
  get keys(): KeyState {
    return this.#exchange.state;
  }

  /** How what this page sends is doing. */
  get sending(): Flow {
    return this.#sending;
  }

  /** What is received, by participant. */
  get receptions(): ReadonlyMap<string, Reception> {
    return this.#subscriptions;
  }

  /** Sends the tracks of `stream` from now on. */
  send(stream: MediaStream): void {
    this.#publication?.close();
    this.#publication = publish(
      this.#lines,
      stream,
      async (sdp) => answerOf(await this.#parts.request({ type: "publish", sdp }), "published"),
      (flow) => {
        this.#sending = flow;
        this.#parts.changed();
      },
    );
  }

  /** Takes the roster: agrees with those who are there, receives what they publish. */
  meet(entries: readonly RosterEntry[]): void {
    this.#exchange.meet(entries);
    const published = new Map(
      entries.filter(({ publishing }) => publishing.length > 0).map((entry) => [entry.id, entry]),
    );
    for (const [id, { connection }] of this.#subscriptions) {
      if (published.get(id)?.publishing.join() === this.#subscriptions.get(id)?.media) continue;
      connection.close();
      this.#subscriptions.delete(id);
    }
    for (const entry of published.values()) {
      if (entry.id !== this.#parts.self && !this.#subscriptions.has(entry.id)) this.#receive(entry);
    }
  }

  #receive({ id, publishing }: RosterEntry): void {
    const stream = new MediaStream();
    const connection = subscribe(
      this.#lines,
      id,
      publishing,
      stream,
      async (sdp) =>
        answerOf(await this.#parts.request({ type: "subscribe", publisher: id, sdp }), "subscribed"),
      (flow) => {
        const subscription = this.#subscriptions.get(id);
        if (subscription === undefined) return;
        subscription.flow = flow;
        this.#parts.changed();
      },
    );
    this.#subscriptions.set(id, { media: publishing.join(), connection, stream, flow: "connecting" });
  }

  /** Takes a message about keys. */
  agree(message: KeyMessage): void {
    this.#exchange.receive(message);
  }

  /** The codes differed: the keys are given up for good. */
  distrust(): void {
    this.#exchange.giveUp("different-codes");
  }

  /** The browser's connection on which this page sends at this moment. */
  get outgoing(): RTCPeerConnection | undefined {
    return this.#publication?.current;
  }

  /** Looks at the statistics of all connections. */
  async sample(): Promise<Sample> {
    const connections = [
      this.#publication,
      ...[...this.#subscriptions.values()].map((each) => each.connection),
    ];
    const reports = connections.map((each) => each?.current?.getStats());
    const entries = (await Promise.all(reports)).flatMap((report) => {
      const found: Readonly<Record<string, unknown>>[] = [];
      report?.forEach((entry: Readonly<Record<string, unknown>>) => {
        found.push(entry);
      });
      return found;
    });
    return sampleOf(entries);
  }

  /** Frames sealed, opened and refused so far. */
  count(): Promise<AllCounts> {
    return this.#vault.count();
  }

  /** Goes out: nothing is sent, received or remembered any more. */
  close(): void {
    this.#exchange.end();
    this.#publication?.close();
    for (const { connection } of this.#subscriptions.values()) connection.close();
    this.#subscriptions.clear();
    this.#vault.close();
  }
}

function answerOf(message: ServerMessage, type: "published" | "subscribed"): string {
  if (message.type !== type) throw new WrongAnswer(message.type);
  return message.sdp;
}
