/**
 * The messages of a meeting's websocket, as `docs/protocol.md` defines them; `server/rooms/protocol/` holds the
 * same for Python, and both check the samples in `tests/contract/room_messages.json`.
 */

import {
  flag,
  integer,
  isObject,
  list,
  nullable,
  object,
  oneOf,
  record,
  type Shape,
  type Shaped,
  text,
} from "./lib/shape";

export const PROTOCOL_VERSION = 2;

const MOST_PARTICIPANTS = 12;
const MOST_TURN_URLS = 4;
const LARGEST_NUMBER = 2 ** 31 - 1;
const MOST_SDP_CHARACTERS = 48 * 1024;

const identifier = text(/^[0-9a-hjkmnp-tv-z]{26}$/);
const number = integer(1, LARGEST_NUMBER);
const bytes32 = text(/^[A-Za-z0-9_-]{43}$/);
const point = text(/^[A-Za-z0-9_-]{87}$/);
const sealed = text(/^[A-Za-z0-9_-]{22,400}$/);
const instant = text(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/);
const sdp: Shape<string> = (value): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= MOST_SDP_CHARACTERS;
const turnUrl = text(/^turns?:\S{1,255}$/);

const mediaKind = oneOf("audio", "video");
const participantKind = oneOf("lawyer", "recipient", "interpreter", "appropriate_adult", "observer");
const participantStatus = oneOf(
  "expected",
  "testing",
  "waiting",
  "admitted",
  "in_consultation",
  "disconnected",
  "left",
);

/** In what capacity somebody takes part. */
export type ParticipantKind = Shaped<typeof participantKind>;
/** Where a participant is. */
export type ParticipantStatus = Shaped<typeof participantStatus>;

const sealedKey = object({ to: identifier, media: mediaKind, sealed });
const receivedKey = object({ sender: identifier, media: mediaKind, sealed });
const revelation = object({ public_key: point, nonce: bytes32 });
const rosterEntry = object({
  id: identifier,
  kind: participantKind,
  name: text(),
  status: participantStatus,
  sequence: integer(0, Number.MAX_SAFE_INTEGER),
  audio_muted: flag,
  video_muted: flag,
  publishing: list(mediaKind, 2),
});
const iceServer = object({
  urls: list(turnUrl, MOST_TURN_URLS),
  username: text(/^[0-9]{1,12}:[0-9a-f]{24}$/),
  credential: text(/^[A-Za-z0-9+/]{27}=$/),
});
const agreement = object({
  epoch: number,
  members: list(identifier, MOST_PARTICIPANTS),
  commitments: record(identifier, bytes32),
  reveals: record(identifier, revelation),
  keys: list(receivedKey, 2 * MOST_PARTICIPANTS),
  complete: flag,
});

/** A sender's media key, sealed for one receiver. */
export type SealedKey = Shaped<typeof sealedKey>;
/** A sender's media key, sealed for the reader. */
export type ReceivedKey = Shaped<typeof receivedKey>;
/** A member's public key and nonce. */
export type Revelation = Shaped<typeof revelation>;
/** One participant as the others see them. */
export type RosterEntry = Shaped<typeof rosterEntry>;
/** A relay for media, and this page's pass to it. */
export type IceServer = Shaped<typeof iceServer>;
/** Where a key agreement stands. */
export type AgreementState = Shaped<typeof agreement>;

/** What a client sends, by type. */
export const CLIENT_MESSAGES = {
  hello: object({ type: oneOf("hello"), id: number, protocol: integer(1, 1000), instance: bytes32 }),
  enter: object({ type: oneOf("enter"), id: number }),
  admit: object({ type: oneOf("admit"), id: number, participant: identifier }),
  send_back: object({ type: oneOf("send_back"), id: number, participant: identifier }),
  publish: object({ type: oneOf("publish"), id: number, sdp }),
  subscribe: object({ type: oneOf("subscribe"), id: number, publisher: identifier, sdp }),
  unsubscribe: object({ type: oneOf("unsubscribe"), id: number, publisher: identifier }),
  mute: object({ type: oneOf("mute"), id: number, audio_muted: flag, video_muted: flag }),
  commit: object({ type: oneOf("commit"), id: number, epoch: number, commitment: bytes32 }),
  reveal: object({ type: oneOf("reveal"), id: number, epoch: number, public_key: point, nonce: bytes32 }),
  keys: object({
    type: oneOf("keys"),
    id: number,
    epoch: number,
    keys: list(sealedKey, 2 * MOST_PARTICIPANTS),
  }),
  keyed: object({ type: oneOf("keyed"), id: number, epoch: number }),
  call_officer: object({ type: oneOf("call_officer"), id: number }),
  ping: object({ type: oneOf("ping"), id: number }),
  leave: object({ type: oneOf("leave"), id: number }),
  end: object({ type: oneOf("end"), id: number }),
} as const;

/** What the server sends, by type. */
export const SERVER_MESSAGES = {
  welcome: object({
    type: oneOf("welcome"),
    re: number,
    protocol: integer(1, LARGEST_NUMBER),
    meeting: identifier,
    you: identifier,
    kind: participantKind,
    status: participantStatus,
    resumed: flag,
    starts_at: instant,
    ends_at: instant,
    now: instant,
    guard_viewing: oneOf("off", "silent_video"),
    watching: list(text(), MOST_PARTICIPANTS),
    ice_servers: list(iceServer, 1),
  }),
  accepted: object({ type: oneOf("accepted"), re: number }),
  waiting: object({ type: oneOf("waiting"), since: instant, lawyer_present: flag }),
  admitted: object({ type: oneOf("admitted") }),
  roster: object({ type: oneOf("roster"), participants: list(rosterEntry, 4 * MOST_PARTICIPANTS) }),
  published: object({ type: oneOf("published"), re: number, sdp }),
  subscribed: object({ type: oneOf("subscribed"), re: number, publisher: identifier, sdp }),
  epoch: object({ type: oneOf("epoch"), agreement }),
  committed: object({
    type: oneOf("committed"),
    epoch: number,
    participant: identifier,
    commitment: bytes32,
  }),
  all_committed: object({
    type: oneOf("all_committed"),
    epoch: number,
    commitments: record(identifier, bytes32),
  }),
  revealed: object({
    type: oneOf("revealed"),
    epoch: number,
    participant: identifier,
    public_key: point,
    nonce: bytes32,
  }),
  keys_from: object({
    type: oneOf("keys_from"),
    epoch: number,
    keys: list(receivedKey, 2 * MOST_PARTICIPANTS),
  }),
  epoch_complete: object({ type: oneOf("epoch_complete"), epoch: number }),
  watching: object({ type: oneOf("watching"), observers: list(text(), MOST_PARTICIPANTS) }),
  officer_called: object({ type: oneOf("officer_called"), participant: identifier }),
  pong: object({ type: oneOf("pong"), re: number, now: instant }),
  ended: object({
    type: oneOf("ended"),
    reason: oneOf("ended_by_lawyer", "ended_by_recipient", "time_over", "cancelled"),
  }),
  error: object({
    type: oneOf("error"),
    re: nullable(number),
    code: text(),
    title: text(),
    advice: text(),
  }),
} as const;

type MessageOf<Shapes> = { [Type in keyof Shapes]: Shaped<Shapes[Type]> }[keyof Shapes];

/** A message to the server. */
export type ClientMessage = MessageOf<typeof CLIENT_MESSAGES>;
/** A message from the server. */
export type ServerMessage = MessageOf<typeof SERVER_MESSAGES>;

type WithoutId<M> = M extends unknown ? Omit<M, "id"> : never;
/** A message to the server before the signalling gives it its number. */
export type Request = WithoutId<ClientMessage>;
/** The server's message of one type. */
export type ServerMessageOf<Type extends keyof typeof SERVER_MESSAGES> = Shaped<
  (typeof SERVER_MESSAGES)[Type]
>;

/** Why the server closed a connection (RFC 6455 §7.4.2). */
export const CloseCode = {
  replaced: 4001,
  notPermitted: 4003,
  ended: 4004,
  tooFast: 4008,
  unreadable: 4400,
} as const;

/** A text is no message of this protocol. */
export class UnreadableMessage extends Error {}

/**
 * Reads what the server sent.
 *
 * @throws UnreadableMessage where it is no JSON, of no known type, or not of that type's shape.
 */
export function parseServerMessage(data: string): ServerMessage {
  const message = parseJson(data);
  if (!isServerMessage(message)) throw new UnreadableMessage();
  return message;
}

/** Tells whether a parsed value is a message that a server may send. */
export function isServerMessage(message: unknown): message is ServerMessage {
  return fits(SERVER_MESSAGES, message);
}

/** Tells whether a parsed value is a message that a client may send. */
export function isClientMessage(message: unknown): message is ClientMessage {
  return fits(CLIENT_MESSAGES, message);
}

function parseJson(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw new UnreadableMessage();
  }
}

function fits(shapes: Readonly<Record<string, Shape<unknown>>>, message: unknown): boolean {
  if (!isObject(message) || typeof message["type"] !== "string") return false;
  const shape = Object.entries(shapes).find(([type]) => type === message["type"]);
  return shape?.[1](message) === true;
}
