/**
 * The transcript of a key agreement and the safety code that people read to each other. Owns what both cover:
 * the meeting, the epoch, everyone inside (observers too) with capacity, name and public key.
 *
 * What eight digits are worth. A dishonest server that puts keys of its own between two browsers ends with one
 * transcript at each side, and has to make their codes agree. Were it to see an honest key before it chooses
 * its own, it would grind: 10^8 key pairs are minutes of work. Since everybody commits to a key before anybody
 * reveals one (`agreement.ts`), the server has fixed its keys on both sides while the honest ones are still
 * unknown to it, so each epoch is one guess, right once in 10^8. It can force new epochs, for it says who joins
 * and leaves; `exchange.ts` counts them and stops, which bounds the whole at MOST_EPOCHS in 10^8. A code
 * that was read aloud before a change says nothing about the next: it changes with every epoch, and the label
 * asks for it anew.
 */

import type { ParticipantKind } from "../../protocol";
import { type Bytes, bigEndian, concat, fromBigEndian, utf8 } from "../bytes";

const CODE_DIGITS = 8;
const GROUP_DIGITS = 2;
const CODE_OCTETS = 8;
const CODES = 10n ** BigInt(CODE_DIGITS);

/** Who takes part in an agreement, as the roster names them. */
export interface Member {
  readonly id: string;
  readonly kind: ParticipantKind;
  readonly name: string;
}

/** What an agreement is about. */
export interface EpochRoster {
  readonly meeting: string;
  readonly epoch: number;
  readonly members: readonly Member[];
}

/** Starts a hash input with its purpose, so that no hash made for one purpose fits another. */
export function purpose(label: string): Bytes {
  return concat(utf8(label), [0]);
}

/** Hashes everything that both ends must agree on (`docs/protocol.md`, “Bytes”). */
export async function transcriptOf(
  roster: EpochRoster,
  publicKeys: ReadonlyMap<string, Bytes>,
): Promise<Bytes> {
  const members = [...roster.members].sort((left, right) => (left.id < right.id ? -1 : 1));
  const parts = members.map(({ id, kind, name }) => {
    const key = publicKeys.get(id);
    if (key === undefined) throw new RangeError(`no key of ${id}`);
    return concat(utf8(id), sized(utf8(kind), 1), sized(utf8(name), 2), key);
  });
  return sha256(
    purpose("lianbian-roster-1"),
    utf8(roster.meeting),
    bigEndian(BigInt(roster.epoch), 4),
    bigEndian(BigInt(members.length), 2),
    ...parts,
  );
}

/** Puts a field's length, in `octets` octets, before it. */
function sized(content: Bytes, octets: number): Bytes {
  return concat(bigEndian(BigInt(content.length), octets), content);
}

/** Gives the safety code of a transcript: eight digits. */
export function safetyCodeOf(transcript: Bytes): string {
  const number = fromBigEndian(transcript.subarray(0, CODE_OCTETS)) % CODES;
  return number.toString().padStart(CODE_DIGITS, "0");
}

/** Groups a code for reading aloud: `38 07 61 92`. */
export function spokenGroups(code: string): string {
  return (code.match(new RegExp(`.{1,${GROUP_DIGITS}}`, "g")) ?? []).join(" ");
}

/** Hashes parts, joined. */
export async function sha256(...parts: readonly Bytes[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts)));
}
