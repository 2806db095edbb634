"""What the server sends."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from server.rooms.model import EndReason, GuardViewing, MediaKind, ParticipantKind, ParticipantStatus
from server.rooms.protocol.common import (
    MAX_PARTICIPANTS,
    MAX_TURN_URLS,
    Bytes32,
    Epoch,
    Id,
    Message,
    Point,
    RequestId,
    Sdp,
    Sealed,
    TurnUrl,
)


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


class IceServer(Message):
    """A relay for media, as the browser's `RTCIceServer` has it, and the reader's pass to it."""

    urls: Annotated[tuple[TurnUrl, ...], Field(min_length=1, max_length=MAX_TURN_URLS)]
    username: Annotated[str, Field(pattern=r"^[0-9]{1,12}:[0-9a-f]{24}$")]
    credential: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{27}=$")]


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
    ice_servers: Annotated[tuple[IceServer, ...], Field(max_length=1)]
    """Relays for media; empty where the operator has none."""


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

SERVER_MESSAGE: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)
