/**
 * One epoch's key agreement as one member lives it: commit, reveal, seal, open. Owns the cryptography and every
 * check of `docs/protocol.md`, “Keys”; knows no network: what is to be sent is returned, what came is passed in.
 *
 * Theory of operation:
 *
 *     committing ─▶ revealing ─▶ sealing ─▶ keyed
 *         every step may end in an AgreementAborted, which is final: the caller sends nothing any more
 *
 * Key pair, nonce and media keys are made for the epoch and forgotten with it, so nobody who joins later can
 * open what was said before, and nobody who left what is said after.
 */

import type { ParticipantKind, ReceivedKey, Request, Revelation, SealedKey } from "../../protocol";
import { type Bytes, bigEndian, concat, fromBase64Url, random, toBase64Url, utf8 } from "../bytes";
import type { MediaKind } from "./frames";
import { type EpochRoster, type Member, purpose, safetyCodeOf, sha256, transcriptOf } from "./safety";

const CURVE = { name: "ECDH", namedCurve: "P-256" } as const;
const SHARED_BITS = 256;
const NONCE_OCTETS = 32;
const MEDIA_KEY_OCTETS = 32;
const SEAL_IV_OCTETS = 12;
const MEDIA: readonly MediaKind[] = ["audio", "video"];

/** Why an agreement ended without keys. An honest server causes none of these; `fault` is our own mistake. */
export type AbortReason =
  | "changed-commitment"
  | "wrong-members"
  | "wrong-reveal"
  | "early-reveal"
  | "unusable-key"
  | "unopened-key"
  | "unwanted-key"
  | "repeated-epoch"
  | "too-many-epochs"
  | "different-codes"
  | "fault";

/** A check failed: no key of this epoch may be used. */
export class AgreementAborted extends Error {
  readonly reason: AbortReason;

  constructor(reason: AbortReason) {
    super(reason);
    this.reason = reason;
  }
}

/** The media keys of one participant. An observer is given no audio key, so it can't be asked for one. */
export type MediaKeys = Readonly<Partial<Record<MediaKind, Bytes>>>;

/** What an agreement came to. */
export interface Agreed {
  readonly roster: EpochRoster;
  readonly safetyCode: string;
  /** What this member seals with; nothing for an observer. */
  readonly own: MediaKeys;
  /** What it opens the others' media with, by participant. */
  readonly others: ReadonlyMap<string, MediaKeys>;
}

type StepType = "commit" | "reveal" | "keys" | "keyed";
/** A request of the agreement, without its number. */
export type Step<Type extends StepType = StepType> = Extract<Request, { type: Type }>;

/**
 * Tells which media keys a sender gives to a receiver: the whole rule of who may hear and see.
 *
 * An observer sends nothing and is given the recipient's picture only. Everyone else is given everything.
 */
export function mediaFor(sender: ParticipantKind, receiver: ParticipantKind): readonly MediaKind[] {
  if (sender === "observer") return [];
  if (receiver === "observer") return sender === "recipient" ? ["video"] : [];
  return MEDIA;
}

interface Secrets {
  readonly pair: CryptoKeyPair;
  readonly publicKey: Bytes;
  readonly nonce: Bytes;
  readonly media: MediaKeys;
}

/** One member's side of the agreement of one epoch. Calls are made one after the other, never at once. */
export class Agreement {
  readonly roster: EpochRoster;
  readonly #self: Member;
  readonly #secrets: Secrets;
  readonly #commitments = new Map<string, string>();
  readonly #publicKeys = new Map<string, Bytes>();
  readonly #opened = new Map<string, Partial<Record<MediaKind, Bytes>>>();
  readonly #sent: Step[];
  /** Keys of members who were quicker: they wait until the transcript is known. */
  readonly #early: ReceivedKey[] = [];
  #everyoneCommitted = false;
  #transcript: Bytes | undefined;

  private constructor(roster: EpochRoster, self: Member, secrets: Secrets, commit: Step<"commit">) {
    this.roster = roster;
    this.#self = self;
    this.#secrets = secrets;
    this.#sent = [commit];
    this.#commitments.set(self.id, commit.commitment);
    this.#publicKeys.set(self.id, secrets.publicKey);
  }

  /**
   * Makes this member's keys and commitment for an epoch.
   *
   * @throws AgreementAborted where `selfId` is no member, or a member is named twice.
   */
  static async begin(roster: EpochRoster, selfId: string): Promise<Agreement> {
    const self = roster.members.find(({ id }) => id === selfId);
    const ids = new Set(roster.members.map(({ id }) => id));
    if (self === undefined || ids.size !== roster.members.length) throw new AgreementAborted("wrong-members");
    const secrets = await makeSecrets(self);
    const commitment = await commitmentOf(roster, selfId, secrets.publicKey, secrets.nonce);
    return new Agreement(roster, self, secrets, { type: "commit", epoch: roster.epoch, commitment });
  }

  /** What this member has said so far, oldest first: said again after a lost connection, word for word. */
  get sent(): readonly Step[] {
    return this.#sent;
  }

  /**
   * Takes another member's commitment.
   *
   * @throws AgreementAborted where it is no member's, or not what that member committed to before.
   */
  committed(participant: string, commitment: string): void {
    this.#requireMember(participant);
    const known = this.#commitments.get(participant);
    if (known !== undefined && known !== commitment) throw new AgreementAborted("changed-commitment");
    this.#commitments.set(participant, commitment);
  }

  /**
   * Takes the list of all commitments and gives the reveal, once: only now may keys be shown.
   *
   * @throws AgreementAborted where the list is not the roster's, or changes a commitment.
   */
  async allCommitted(commitments: Readonly<Record<string, string>>): Promise<readonly Step[]> {
    if (Object.keys(commitments).length !== this.roster.members.length) {
      throw new AgreementAborted("wrong-members");
    }
    for (const [participant, commitment] of Object.entries(commitments)) {
      this.committed(participant, commitment);
    }
    if (this.#everyoneCommitted) return [];
    this.#everyoneCommitted = true;
    const reveal = this.#say({
      type: "reveal",
      epoch: this.roster.epoch,
      public_key: toBase64Url(this.#secrets.publicKey),
      nonce: toBase64Url(this.#secrets.nonce),
    });
    return [...reveal, ...(await this.#sealIfComplete())];
  }

  /**
   * Takes another member's public key; when it is the last, gives this member's sealed media keys.
   *
   * @throws AgreementAborted where it comes before all have committed, or is not what was committed to.
   */
  async revealed(participant: string, revelation: Revelation): Promise<readonly Step[]> {
    this.#requireMember(participant);
    if (!this.#everyoneCommitted) throw new AgreementAborted("early-reveal");
    const publicKey = fromBase64Url(revelation.public_key);
    const commitment = await commitmentOf(
      this.roster,
      participant,
      publicKey,
      fromBase64Url(revelation.nonce),
    );
    if (commitment !== this.#commitments.get(participant)) throw new AgreementAborted("wrong-reveal");
    this.#publicKeys.set(participant, publicKey);
    return this.#sealIfComplete();
  }

  /**
   * Takes media keys that were sealed for this member; when they are all there, says so.
   *
   * @throws AgreementAborted where one does not open, or is one that its sender owes nobody like this member.
   */
  async keysFrom(keys: readonly ReceivedKey[]): Promise<readonly Step[]> {
    if (this.#transcript === undefined) {
      this.#early.push(...keys);
      return [];
    }
    for (const { sender, media, sealed } of keys) {
      const from = this.#requireMember(sender);
      if (!mediaFor(from.kind, this.#self.kind).includes(media)) throw new AgreementAborted("unwanted-key");
      const opened = this.#opened.get(sender) ?? {};
      opened[media] = await this.#open(sender, media, sealed);
      this.#opened.set(sender, opened);
    }
    return this.#sayIfKeyed();
  }

  /** What was agreed; undefined while this member still lacks keys. */
  get agreed(): Agreed | undefined {
    if (this.#transcript === undefined || this.#missesKeys()) return undefined;
    return {
      roster: this.roster,
      safetyCode: safetyCodeOf(this.#transcript),
      own: this.#secrets.media,
      others: this.#opened,
    };
  }

  async #sealIfComplete(): Promise<readonly Step[]> {
    const isDone = this.#transcript !== undefined;
    if (isDone || this.#publicKeys.size < this.roster.members.length) return [];
    const sealed = await this.#seal();
    return [...sealed, ...(await this.keysFrom(this.#early.splice(0)))];
  }

  async #seal(): Promise<readonly Step[]> {
    this.#transcript = await transcriptOf(this.roster, this.#publicKeys);
    const keys: SealedKey[] = [];
    for (const receiver of this.#others()) {
      const sealKey = await this.#sealKey(this.#self.id, receiver.id);
      for (const media of mediaFor(this.#self.kind, receiver.kind)) {
        const mediaKey = this.#secrets.media[media];
        if (mediaKey === undefined) continue;
        keys.push({ to: receiver.id, media, sealed: await sealMediaKey(sealKey, media, mediaKey) });
      }
    }
    return this.#say({ type: "keys", epoch: this.roster.epoch, keys });
  }

  async #open(sender: string, media: MediaKind, sealed: string): Promise<Bytes> {
    const sealKey = await this.#sealKey(sender, this.#self.id);
    return openMediaKey(sealKey, media, fromBase64Url(sealed));
  }

  /** Derives the key with which `sender` seals for `receiver`; this member is one of the two. */
  async #sealKey(sender: string, receiver: string): Promise<CryptoKey> {
    const other = sender === this.#self.id ? receiver : sender;
    const publicKey = this.#publicKeys.get(other);
    if (publicKey === undefined || this.#transcript === undefined) throw new AgreementAborted("unusable-key");
    const shared = await sharedSecret(this.#secrets.pair.privateKey, publicKey);
    return deriveSealKey(shared, this.#transcript, sender, receiver);
  }

  #sayIfKeyed(): readonly Step[] {
    const hasSaid = this.#sent.some(({ type }) => type === "keyed");
    if (hasSaid || this.agreed === undefined) return [];
    return this.#say({ type: "keyed", epoch: this.roster.epoch });
  }

  #missesKeys(): boolean {
    return this.#others().some(({ id, kind }) =>
      mediaFor(kind, this.#self.kind).some((media) => this.#opened.get(id)?.[media] === undefined),
    );
  }

  #others(): readonly Member[] {
    return this.roster.members.filter(({ id }) => id !== this.#self.id);
  }

  #requireMember(participant: string): Member {
    const member = this.roster.members.find(({ id }) => id === participant);
    if (member === undefined) throw new AgreementAborted("wrong-members");
    return member;
  }

  #say(step: Step): readonly Step[] {
    this.#sent.push(step);
    return [step];
  }
}

async function makeSecrets(self: Member): Promise<Secrets> {
  const pair = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const media =
    self.kind === "observer" ? {} : { audio: random(MEDIA_KEY_OCTETS), video: random(MEDIA_KEY_OCTETS) };
  return { pair, publicKey, nonce: random(NONCE_OCTETS), media };
}

/** Hashes what a member will reveal, bound to the meeting, the epoch and the member. */
export async function commitmentOf(
  { meeting, epoch }: EpochRoster,
  participant: string,
  publicKey: Bytes,
  nonce: Bytes,
): Promise<string> {
  const about = concat(utf8(meeting), bigEndian(BigInt(epoch), 4), utf8(participant));
  return toBase64Url(await sha256(purpose("lianbian-commit-1"), about, publicKey, nonce));
}

/** The x coordinate of the shared point; a key that is no point of the curve aborts the agreement. */
async function sharedSecret(privateKey: CryptoKey, publicKey: Bytes): Promise<Bytes> {
  try {
    const other = await crypto.subtle.importKey("raw", publicKey, CURVE, false, []);
    const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: other }, privateKey, SHARED_BITS);
    return new Uint8Array(shared);
  } catch {
    throw new AgreementAborted("unusable-key");
  }
}

/**
 * Derives the key that seals for one receiver. The transcript is its salt, so where two ends were told of
 * different rosters or keys, nothing that one sealed opens at the other.
 */
export async function deriveSealKey(
  shared: Bytes,
  transcript: Bytes,
  sender: string,
  receiver: string,
): Promise<CryptoKey> {
  const secret = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const info = concat(purpose("lianbian-seal-1"), utf8(sender), utf8(receiver));
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: transcript, info },
    secret,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

async function sealMediaKey(sealKey: CryptoKey, media: MediaKind, mediaKey: Bytes): Promise<string> {
  const iv = random(SEAL_IV_OCTETS);
  const parameters = { name: "AES-GCM", iv, additionalData: utf8(media) };
  const ciphertext = await crypto.subtle.encrypt(parameters, sealKey, mediaKey);
  return toBase64Url(concat(iv, new Uint8Array(ciphertext)));
}

/** Opens a sealed media key. */
export async function openMediaKey(sealKey: CryptoKey, media: MediaKind, sealed: Bytes): Promise<Bytes> {
  const iv = sealed.slice(0, SEAL_IV_OCTETS);
  try {
    const parameters = { name: "AES-GCM", iv, additionalData: utf8(media) };
    const opened = await crypto.subtle.decrypt(parameters, sealKey, sealed.slice(SEAL_IV_OCTETS));
    if (opened.byteLength !== MEDIA_KEY_OCTETS) throw new RangeError("length");
    return new Uint8Array(opened);
  } catch {
    throw new AgreementAborted("unopened-key");
  }
}
