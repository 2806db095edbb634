"""The messages of a meeting's websocket: one model a message, for both directions.

`docs/protocol.md` says who sends each, when, and what answers; `tests/contract/room_messages.json` holds
samples that Python and TypeScript both check, and `tests/contract/room.schema.json` is made from here.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from server.rooms.model import EndReason, GuardViewing, MediaKind, ParticipantKind, ParticipantStatus

PROTOCOL_VERSION = 1
MAX_MESSAGE_BYTES = 64 * 1024
"""Size of the largest message in either direction; the largest that occur are session descriptions."""
MAX_PARTICIPANTS = 12
"""The most people in one meeting."""

Id = Annotated[str, Field(pattern=r"^[0-9a-hjkmnp-tv-z]{26}$")]
RequestId = Annotated[int, Field(ge=1, le=2**31 - 1)]
Sdp = Annotated[str, Field(min_length=1, max_length=48 * 1024)]
Epoch = Annotated[int, Field(ge=1, le=2**31 - 1)]
Bytes32 = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$", description="32 bytes, base64url")]
Point = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{87}$", description="65 bytes, base64url")]
Sealed = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22,400}$", description="IV and sealed key, base64url")]


class Message(BaseModel):
    """Base of every message: nothing unknown, nothing changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Request(Message):
    """Base of what a client sends; an answer or an error repeats its `id` as `re`."""

    id: RequestId


# From the client.


class Hello(Request):
    """The first message of a connection."""

    type: Literal["hello"] = "hello"
    protocol: Annotated[int, Field(ge=1, le=1000)]
    instance: Bytes32
    """Random, made when the page was loaded: whoever reconnects with the same one still holds their keys."""


class Enter(Request):
    """Tests are done and the declaration is made: an assigned lawyer goes in, anybody else waits."""

    type: Literal["enter"] = "enter"


class Admit(Request):
    """A lawyer in the room lets somebody in from the waiting room."""

    type: Literal["admit"] = "admit"
    participant: Id


class SendBack(Request):
    """A lawyer in the room sends somebody back to the waiting room."""

    type: Literal["send_back"] = "send_back"
    participant: Id


class Publish(Request):
    """Offer of the connection on which the client sends its media."""

    type: Literal["publish"] = "publish"
    sdp: Sdp


class Subscribe(Request):
    """Offer of the connection on which the client receives one other participant."""

    type: Literal["subscribe"] = "subscribe"
    publisher: Id
    sdp: Sdp


class Unsubscribe(Request):
    """The client no longer receives that participant."""

    type: Literal["unsubscribe"] = "unsubscribe"
    publisher: Id


class Mute(Request):
    """What the client sends now."""

    type: Literal["mute"] = "mute"
    audio_muted: bool
    video_muted: bool


class Commit(Request):
    """Hash of the sender's key and nonce of this epoch."""

    type: Literal["commit"] = "commit"
    epoch: Epoch
    commitment: Bytes32


class Reveal(Request):
    """What was committed to; only after `all_committed`."""

    type: Literal["reveal"] = "reveal"
    epoch: Epoch
    public_key: Point
    nonce: Bytes32


class SealedKey(Message):
    """One of the sender's media keys, sealed for one receiver."""

    to: Id
    media: MediaKind
    sealed: Sealed


class Keys(Request):
    """The sender's media keys of this epoch."""

    type: Literal["keys"] = "keys"
    epoch: Epoch
    keys: Annotated[tuple[SealedKey, ...], Field(max_length=2 * MAX_PARTICIPANTS)]


class Keyed(Request):
    """The sender holds every key of this epoch that is meant for it."""

    type: Literal["keyed"] = "keyed"
    epoch: Epoch


class CallOfficer(Request):
    """Ask the officer on duty to come."""

    type: Literal["call_officer"] = "call_officer"


class Ping(Request):
    """Asks whether the other end is alive."""

    type: Literal["ping"] = "ping"


class Leave(Request):
    """The sender leaves for good."""

    type: Literal["leave"] = "leave"


class End(Request):
    """A lawyer or the recipient closes the meeting for everyone."""

    type: Literal["end"] = "end"


ClientMessage = Annotated[
    Hello
    | Enter
    | Admit
    | SendBack
    | Publish
    | Subscribe
    | Unsubscribe
    | Mute
    | Commit
    | Reveal
    | Keys
    | Keyed
    | CallOfficer
    | Ping
    | Leave
    | End,
    Field(discriminator="type"),
]

# From the server.


class RosterEntry(Message):
    """One participant as the others see them."""

    id: Id
    kind: ParticipantKind
    name: str
    status: ParticipantStatus
    sequence: Annotated[int, Field(ge=0)]
    """Rises with every change of this entry; an entry with a lower one is old news."""
    audio_muted: bool
    video_muted: bool
    publishing: tuple[MediaKind, ...]
    """What can be subscribed to, as far as the reader of the roster may."""


class Agreement(Message):
    """The state of the current key agreement, for a client that joins it or comes back to it."""

    epoch: Epoch
    members: tuple[Id, ...]
    commitments: dict[Id, Bytes32]
    reveals: dict[Id, "Revelation"]
    """Empty until everybody has committed."""
    keys: tuple["ReceivedKey", ...]
    complete: bool


class Revelation(Message):
    """A member's public key and nonce."""

    public_key: Point
    nonce: Bytes32


class ReceivedKey(Message):
    """A sender's media key, sealed for the reader."""

    sender: Id
    media: MediaKind
    sealed: Sealed


class Welcome(Message):
    """Answers `hello`: who the client is here, and everything needed to start or to go on."""

    type: Literal["welcome"] = "welcome"
    re: RequestId
    protocol: int
    meeting: Id
    you: Id
    kind: ParticipantKind
    status: ParticipantStatus
    resumed: bool
    """True if the place was kept: same page, keys and media connections are still good."""
    starts_at: datetime
    ends_at: datetime
    now: datetime
    """The server's clock, from which the client shows what time is left."""
    guard_viewing: GuardViewing
    watching: tuple[str, ...]


class Accepted(Message):
    """Answers a request that has no other answer."""

    type: Literal["accepted"] = "accepted"
    re: RequestId


class Waiting(Message):
    """To one who waits: whom they wait for."""

    type: Literal["waiting"] = "waiting"
    since: datetime
    lawyer_present: bool


class Admitted(Message):
    """To one who is let in: now publish, subscribe, and take part in the key agreement."""

    type: Literal["admitted"] = "admitted"


class Roster(Message):
    """To everyone in the room: everyone in the room, in the waiting room and expected."""

    type: Literal["roster"] = "roster"
    participants: Annotated[tuple[RosterEntry, ...], Field(max_length=4 * MAX_PARTICIPANTS)]


class Published(Message):
    """Answers `publish`."""

    type: Literal["published"] = "published"
    re: RequestId
    sdp: Sdp


class Subscribed(Message):
    """Answers `subscribe`."""

    type: Literal["subscribed"] = "subscribed"
    re: RequestId
    publisher: Id
    sdp: Sdp


class NewEpoch(Message):
    """Somebody joined or left: agree on new keys. To a client that comes back: where the agreement stands."""

    type: Literal["epoch"] = "epoch"
    agreement: Agreement


class Committed(Message):
    """A member's commitment."""

    type: Literal["committed"] = "committed"
    epoch: Epoch
    participant: Id
    commitment: Bytes32


class AllCommitted(Message):
    """Every member has committed: reveal now, if your commitments agree with these."""

    type: Literal["all_committed"] = "all_committed"
    epoch: Epoch
    commitments: dict[Id, Bytes32]


class Revealed(Message):
    """A member's public key and nonce; check them against the commitment."""

    type: Literal["revealed"] = "revealed"
    epoch: Epoch
    participant: Id
    public_key: Point
    nonce: Bytes32


class KeysFrom(Message):
    """A member's media keys, sealed for the reader."""

    type: Literal["keys_from"] = "keys_from"
    epoch: Epoch
    keys: tuple[ReceivedKey, ...]


class EpochComplete(Message):
    """Every member holds the keys: send with the new ones from now on."""

    type: Literal["epoch_complete"] = "epoch_complete"
    epoch: Epoch


class Watching(Message):
    """Who of the facility watches now, silently; empty when nobody does."""

    type: Literal["watching"] = "watching"
    observers: tuple[str, ...]


class OfficerCalled(Message):
    """The officer on duty was called, by whom."""

    type: Literal["officer_called"] = "officer_called"
    participant: Id


class Pong(Message):
    """Answers `ping`."""

    type: Literal["pong"] = "pong"
    re: RequestId
    now: datetime


class Ended(Message):
    """The meeting is closed; the connection closes after it."""

    type: Literal["ended"] = "ended"
    reason: EndReason


class Refused(Message):
    """A request was refused, or (without `re`) the connection was."""

    type: Literal["error"] = "error"
    re: RequestId | None
    code: str
    title: str
    """In the reader's language, like `advice`."""
    advice: str


ServerMessage = Annotated[
    Welcome
    | Accepted
    | Waiting
    | Admitted
    | Roster
    | Published
    | Subscribed
    | NewEpoch
    | Committed
    | AllCommitted
    | Revealed
    | KeysFrom
    | EpochComplete
    | Watching
    | OfficerCalled
    | Pong
    | Ended
    | Refused,
    Field(discriminator="type"),
]


class CloseCode:
    """Why the server closed a connection (RFC 6455 §7.4.2: 4000–4999 are the application's)."""

    REPLACED = 4001
    """The same person connected from another page; do not reconnect."""
    NOT_PERMITTED = 4003
    """No longer allowed; do not reconnect."""
    ENDED = 4004
    """The meeting is closed, or the client left; do not reconnect."""
    SILENT = 4005
    """Did not answer a key agreement; reconnect, as a newcomer."""
    TOO_FAST = 4008
    """Too many messages; wait five seconds, then reconnect."""
    UNREADABLE = 4400
    """Not a message of this protocol, or its version is not spoken here; do not reconnect."""


CLIENT_MESSAGE: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
SERVER_MESSAGE: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)


def schema() -> dict[str, object]:
    """Return the JSON Schema (2020-12) of both directions."""
    return {"client": CLIENT_MESSAGE.json_schema(), "server": SERVER_MESSAGE.json_schema()}
