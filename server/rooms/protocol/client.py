"""What a client sends."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from server.rooms.model import MediaKind
from server.rooms.protocol.common import (
    MAX_PARTICIPANTS,
    Bytes32,
    Epoch,
    Id,
    Message,
    Point,
    Request,
    Sdp,
    Sealed,
)


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

CLIENT_MESSAGE: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
