/** The key agreement: among honest people, and with a server that is not. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { fromBase64Url, toBase64Url } from "../../src/lib/bytes";
import {
  type AbortReason,
  commitmentOf,
  deriveSealKey,
  mediaFor,
  openMediaKey,
} from "../../src/lib/e2ee/agreement";
import { type KeyMessage, MOST_EPOCHS } from "../../src/lib/e2ee/exchange";
import { type Member, safetyCodeOf, spokenGroups, transcriptOf } from "../../src/lib/e2ee/safety";
import type { RosterEntry } from "../../src/protocol";
import { LAWYER, OBSERVER, type Person, RECIPIENT, Relay, SECOND_LAWYER, type Tampering } from "./people";

interface WorkedValues {
  readonly meeting: string;
  readonly epoch: number;
  readonly members: readonly (Member &
    Readonly<Record<"private_key" | "public_key" | "nonce" | "commitment", string>>)[];
  readonly transcript: string;
  readonly safety_code: string;
  readonly sealing: Readonly<Record<"sender" | "receiver" | "media_key" | "sealed", string>>;
}

const contract = resolve(import.meta.dirname, "../../../tests/contract/room_keys.json");
const worked = JSON.parse(readFileSync(contract, "utf8")) as WorkedValues;

function code(person: Person | undefined): string | undefined {
  return person?.exchange.state.inUse?.safetyCode;
}

function stopped(person: Person | undefined): AbortReason | undefined {
  return person?.exchange.state.stopped;
}

describe("the worked values that both languages check", () => {
  const keys = new Map(worked.members.map(({ id, public_key }) => [id, fromBase64Url(public_key)]));

  test("commitments, transcript and safety code", async () => {
    for (const { id, public_key, nonce, commitment } of worked.members) {
      const made = await commitmentOf(worked, id, fromBase64Url(public_key), fromBase64Url(nonce));
      expect(made).toBe(commitment);
    }
    const transcript = await transcriptOf(worked, keys);
    expect(toBase64Url(transcript)).toBe(worked.transcript);
    expect(safetyCodeOf(transcript)).toBe(worked.safety_code);
    expect(spokenGroups(worked.safety_code)).toBe("20 75 53 04");
  });

  test("a sealed media key opens at its receiver", async () => {
    const { sender, receiver, media_key, sealed } = worked.sealing;
    const of = (id: string) => worked.members.find((member) => member.id === id);
    const point = fromBase64Url(of(receiver)?.public_key ?? "");
    const curve = { name: "ECDH", namedCurve: "P-256" };
    const [x, y] = [point.subarray(1, 33), point.subarray(33)].map(toBase64Url);
    const jwk = { kty: "EC", crv: "P-256", x: x ?? "", y: y ?? "", d: of(receiver)?.private_key ?? "" };
    const privateKey = await crypto.subtle.importKey("jwk", jwk, curve, false, ["deriveBits"]);
    const publicKey = await crypto.subtle.importKey(
      "raw",
      keys.get(sender) ?? new Uint8Array(),
      curve,
      false,
      [],
    );
    const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: publicKey }, privateKey, 256);
    const transcript = fromBase64Url(worked.transcript);
    const sealKey = await deriveSealKey(new Uint8Array(shared), transcript, sender, receiver);
    expect(toBase64Url(await openMediaKey(sealKey, "audio", fromBase64Url(sealed)))).toBe(media_key);
    await expect(openMediaKey(sealKey, "video", fromBase64Url(sealed))).rejects.toThrow("unopened-key");
  });
});

test.each([
  ["lawyer", "recipient", ["audio", "video"]],
  ["recipient", "lawyer", ["audio", "video"]],
  ["interpreter", "recipient", ["audio", "video"]],
  ["recipient", "observer", ["video"]],
  ["lawyer", "observer", []],
  ["interpreter", "observer", []],
  ["appropriate_adult", "observer", []],
  ["observer", "recipient", []],
  ["observer", "observer", []],
] as const)("a %s gives a %s the keys of %j", (sender, receiver, media) => {
  expect(mediaFor(sender, receiver)).toEqual(media);
});

describe("among honest people", () => {
  test("everyone ends with the same code, and each holds what the others seal with", async () => {
    const relay = new Relay([LAWYER, RECIPIENT, OBSERVER, SECOND_LAWYER]);
    await relay.agree();
    expect(relay.isComplete).toBe(true);
    const codes = new Set(relay.people.map(code));
    expect([...codes]).toEqual([expect.stringMatching(/^\d{8}$/)]);
    for (const sender of relay.people) {
      for (const receiver of relay.people) {
        if (sender === receiver) continue;
        for (const media of mediaFor(sender.entry.kind, receiver.entry.kind)) {
          const held = receiver.sink.opening.get(`${sender.entry.id} ${media} 1`);
          expect(held).toBe(sender.sink.sealing?.keys[media]?.join());
        }
      }
    }
  });

  test("an observer seals nothing and holds the recipient's picture, no sound and nobody else's", async () => {
    const relay = new Relay([LAWYER, RECIPIENT, OBSERVER]);
    await relay.agree();
    const observer = relay.people[2];
    expect([...(observer?.sink.opening.keys() ?? [])]).toEqual([`${RECIPIENT.id} video 1`]);
    expect(observer?.sink.sealing?.keys).toEqual({});
  });

  test("whoever is alone agrees with nobody, and is ready", async () => {
    const relay = new Relay([LAWYER]);
    await relay.agree();
    expect(relay.people[0]?.exchange.state.phase).toBe("agreed");
  });

  test("audio and video, and every epoch, have keys and a code of their own", async () => {
    const relay = new Relay([LAWYER, RECIPIENT]);
    await relay.agree();
    const first = relay.people[0]?.sink.sealing?.keys;
    const firstCode = code(relay.people[0]);
    await relay.agree();
    const second = relay.people[0]?.sink.sealing?.keys;
    const all = [first?.audio, first?.video, second?.audio, second?.video].map((key) => key?.join());
    expect(new Set(all).size).toBe(4);
    expect(code(relay.people[0])).not.toBe(firstCode);
  });

  test("who lost the connection on the way catches up, from whatever point on", async () => {
    for (const lost of ["committed", "all_committed", "revealed", "keys_from", "epoch_complete"]) {
      let isAway = true;
      const relay = new Relay([LAWYER, RECIPIENT, SECOND_LAWYER], {
        relay: (message, { id }) => {
          const index = ["epoch", "committed", "all_committed", "revealed", "keys_from", "epoch_complete"];
          const isLost = index.indexOf(message.type) >= index.indexOf(lost);
          return id === RECIPIENT.id && isAway && isLost ? null : message;
        },
      });
      await relay.agree();
      isAway = false;
      const recipient = relay.people[1];
      if (recipient !== undefined) relay.resume(recipient);
      await relay.settle();
      expect([lost, relay.isComplete, new Set(relay.people.map(code)).size]).toEqual([lost, true, 1]);
    }
  });
});

describe("with a server that is not honest", () => {
  function tampered(relay: Required<Tampering>["relay"]): Relay {
    return new Relay([LAWYER, RECIPIENT, OBSERVER], { relay });
  }

  function toLawyer(change: (message: KeyMessage) => KeyMessage): Required<Tampering>["relay"] {
    return (message, receiver) => (receiver.id === LAWYER.id ? change(message) : message);
  }

  test("keys of its own between two people give each another safety code", async () => {
    // Two meetings under one name: in each the server plays the other person, honestly, with keys of its own.
    const withLawyer = new Relay([LAWYER, RECIPIENT]);
    const withRecipient = new Relay([LAWYER, RECIPIENT]);
    await Promise.all([withLawyer.agree(), withRecipient.agree()]);
    expect(code(withLawyer.people[0])).toMatch(/^\d{8}$/);
    expect(code(withLawyer.people[0])).not.toBe(code(withRecipient.people[1]));
  });

  const otherKey = toBase64Url(Uint8Array.from({ length: 65 }, (_, index) => (index === 0 ? 4 : index)));
  const otherHash = "A".repeat(43);
  test.each<[string, AbortReason, (message: KeyMessage) => KeyMessage]>([
    [
      "another public key than was committed to",
      "wrong-reveal",
      (message) => (message.type === "revealed" ? { ...message, public_key: otherKey } : message),
    ],
    [
      "another nonce than was committed to",
      "wrong-reveal",
      (message) => (message.type === "revealed" ? { ...message, nonce: otherHash } : message),
    ],
    [
      "a list with another commitment than was relayed",
      "changed-commitment",
      (message) =>
        message.type === "all_committed"
          ? { ...message, commitments: { ...message.commitments, [RECIPIENT.id]: otherHash } }
          : message,
    ],
    [
      "a list that changes one's own commitment",
      "changed-commitment",
      (message) =>
        message.type === "all_committed"
          ? { ...message, commitments: { ...message.commitments, [LAWYER.id]: otherHash } }
          : message,
    ],
    [
      "a list with someone who is no member",
      "wrong-members",
      (message) =>
        message.type === "all_committed"
          ? { ...message, commitments: { ...message.commitments, [SECOND_LAWYER.id]: otherHash } }
          : message,
    ],
    [
      "a list without a member",
      "wrong-members",
      (message) =>
        message.type === "all_committed"
          ? { ...message, commitments: { [LAWYER.id]: message.commitments[LAWYER.id] ?? "" } }
          : message,
    ],
    [
      "one person's commitment repeated as another's",
      "changed-commitment",
      (message) => (message.type === "committed" ? { ...message, participant: RECIPIENT.id } : message),
    ],
    [
      "a member whom the roster does not show",
      "wrong-members",
      (message) =>
        message.type === "epoch"
          ? { ...message, agreement: { ...message.agreement, members: [LAWYER.id, SECOND_LAWYER.id] } }
          : message,
    ],
    [
      "an agreement without oneself",
      "wrong-members",
      (message) =>
        message.type === "epoch"
          ? { ...message, agreement: { ...message.agreement, members: [RECIPIENT.id] } }
          : message,
    ],
    [
      "a sealed key that was changed",
      "unopened-key",
      (message) =>
        message.type === "keys_from"
          ? {
              ...message,
              keys: message.keys.map((key) => ({ ...key, sealed: `A${key.sealed.slice(1, -1)}A` })),
            }
          : message,
    ],
    [
      "the key of one medium as the key of the other",
      "unopened-key",
      (message) =>
        message.type === "keys_from"
          ? {
              ...message,
              keys: message.keys.map((key) => ({ ...key, media: key.media === "audio" ? "video" : "audio" })),
            }
          : message,
    ],
    [
      "a key from an observer, who has none to give",
      "unwanted-key",
      (message) =>
        message.type === "keys_from"
          ? { ...message, keys: message.keys.map((key) => ({ ...key, sender: OBSERVER.id })) }
          : message,
    ],
  ])("%s: the lawyer's browser stops and sends nothing", async (_what, reason, change) => {
    const relay = tampered(toLawyer(change));
    await relay.agree();
    const [lawyer] = relay.people;
    expect(stopped(lawyer)).toBe(reason);
    expect(lawyer?.sink.isStopped).toBe(true);
    expect(lawyer?.sink.sealing).toBeUndefined();
    expect(lawyer?.sink.opening.size).toBe(0);
  });

  test("a reveal before everyone has committed is not believed", async () => {
    const relay = tampered((message, receiver) => {
      const early = message.type === "committed" && receiver.id === LAWYER.id;
      if (!early) return message;
      const { epoch, participant } = message;
      return { type: "revealed", epoch, participant, public_key: otherKey, nonce: otherHash };
    });
    await relay.agree();
    expect(stopped(relay.people[0])).toBe("early-reveal");
  });

  test("nobody shows a key before all commitments are there", async () => {
    const seen: string[] = [];
    const relay = tampered((message) => {
      seen.push(message.type);
      return message.type === "all_committed" ? null : message;
    });
    await relay.agree();
    expect(new Set(seen)).toEqual(new Set(["epoch", "committed", "all_committed"]));
  });

  test("an audio key offered to an observer is not taken", async () => {
    const relay = tampered((message, receiver) => {
      if (message.type !== "keys_from" || receiver.id !== OBSERVER.id) return message;
      return { ...message, keys: message.keys.map((key) => ({ ...key, media: "audio" as const })) };
    });
    await relay.agree();
    expect(stopped(relay.people[2])).toBe("unwanted-key");
    expect(relay.people[2]?.sink.opening.size).toBe(0);
  });

  test.each<[string, (each: RosterEntry) => RosterEntry]>([
    ["another name", (each) => (each.id === OBSERVER.id ? { ...each, name: "林某" } : each)],
    ["another capacity", (each) => (each.id === OBSERVER.id ? { ...each, kind: "interpreter" } : each)],
  ])("%s for somebody at one end: the ends don't understand each other", async (_what, change) => {
    const relay = new Relay([LAWYER, RECIPIENT, OBSERVER], {
      roster: (entries, receiver) => (receiver.id === LAWYER.id ? entries.map(change) : entries),
    });
    await relay.agree();
    expect(relay.isComplete).toBe(false);
    expect(code(relay.people[0])).toBeUndefined();
  });

  test("an observer hidden from one end: the ends don't understand each other", async () => {
    const relay = tampered(
      toLawyer((message) =>
        message.type === "epoch"
          ? { ...message, agreement: { ...message.agreement, members: [LAWYER.id, RECIPIENT.id] } }
          : message,
      ),
    );
    await relay.agree();
    expect(code(relay.people[0])).toBeUndefined();
  });

  test("an epoch is not lived twice", async () => {
    const relay = new Relay([LAWYER, RECIPIENT]);
    await relay.agree();
    await relay.agree();
    const state = { epoch: 1, members: [LAWYER.id], commitments: {}, reveals: {}, keys: [], complete: false };
    relay.people[0]?.exchange.receive({ type: "epoch", agreement: state });
    await relay.settle();
    expect(stopped(relay.people[0])).toBe("repeated-epoch");
  });

  test("it may guess the code only so often", async () => {
    const relay = new Relay([LAWYER]);
    for (let epoch = 0; epoch < MOST_EPOCHS; epoch += 1) await relay.agree();
    expect(stopped(relay.people[0])).toBeUndefined();
    await relay.agree();
    expect(stopped(relay.people[0])).toBe("too-many-epochs");
    expect(relay.people[0]?.sink.isStopped).toBe(true);
  });
});

describe("when people come and go", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test("former keys seal until the new ones are complete, and open for two seconds more", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const relay = new Relay([LAWYER, RECIPIENT]);
    await relay.agree();
    const [lawyer] = relay.people;
    const joined = relay.add(SECOND_LAWYER);
    relay.begin();
    expect(lawyer?.sink.sealing?.epoch).toBe(1);
    await relay.settle();
    expect([lawyer?.sink.sealing?.epoch, joined.sink.sealing?.epoch]).toEqual([2, 2]);
    expect(joined.sink.opening.has(`${LAWYER.id} audio 1`)).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(lawyer?.sink.forgottenBefore).toBe(0);
    vi.advanceTimersByTime(1500);
    expect(lawyer?.sink.forgottenBefore).toBe(2);
  });

  test("who gave the keys up in the middle of an agreement is not told of a later success", async () => {
    const relay = new Relay([LAWYER, RECIPIENT]);
    await relay.agree();
    const [lawyer] = relay.people;
    relay.begin();
    // Far enough for the new key pair to be under way, which takes longer than any promise that is kept already.
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    lawyer?.exchange.giveUp("different-codes");
    await relay.settle();
    expect(lawyer?.exchange.state).toEqual({
      phase: "stopped",
      inUse: undefined,
      stopped: "different-codes",
    });
  });

  test("keys that someone who left holds seal no longer than two seconds, come new ones or not", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    let isBroken = false;
    const relay = new Relay([LAWYER, RECIPIENT, SECOND_LAWYER], {
      relay: (message) => (isBroken && message.type === "all_committed" ? null : message),
    });
    await relay.agree();
    isBroken = true;
    await relay.agree(relay.people.slice(0, 2));
    const [lawyer] = relay.people;
    expect(lawyer?.sink.sealing?.keys.audio).toBeDefined();
    vi.advanceTimersByTime(2000);
    expect(lawyer?.sink.sealing).toBeUndefined();
    expect(lawyer?.exchange.state).toEqual({ phase: "agreeing", inUse: undefined, stopped: undefined });
  });

  test("whoever is left alone, with nobody to agree with, stops sealing with keys that others hold", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const relay = new Relay([LAWYER, RECIPIENT]);
    await relay.agree();
    const [lawyer] = relay.people;
    lawyer?.exchange.meet([LAWYER, { ...RECIPIENT, status: "disconnected" }]);
    await relay.settle();
    vi.advanceTimersByTime(5000);
    expect(lawyer?.exchange.state.phase).toBe("agreed");
    lawyer?.exchange.meet([LAWYER, { ...RECIPIENT, status: "left" }]);
    await relay.settle();
    vi.advanceTimersByTime(2000);
    expect(lawyer?.sink.sealing).toBeUndefined();
    expect(lawyer?.exchange.state.phase).toBe("none");
  });
});
