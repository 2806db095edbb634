"""The control channel between a web process and the forwarder: JSON messages on a Unix socket.

Each message is a four-byte length (big endian) and that many bytes of JSON. The web process sends commands,
each with a number of its own; the forwarder answers each with one report of that number, in any order, and
tells on its own account what becomes of legs. Rooms belong to the connection that last commanded them:
when it ends, they are closed, because nobody is left who could take a permission away.
"""

import os
from asyncio import IncompleteReadError, StreamReader
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from server.kernel.ids import MeetingId, ParticipantId
from server.rooms.media.errors import UnreadableMessage
from server.rooms.media.rtp import MediaKind

MAX_MESSAGE_BYTES: Final = 256 * 1024
_LENGTH_BYTES: Final = 4
_UNIX_PATH_BYTES: Final = 100
"""What every kernel takes as the path of a Unix socket (`sun_path` is 104 bytes or more)."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Command(_Message):
    request: int
    """The sender's number for the command; its report carries it back."""


class Publish(_Command):
    """Take the `sendonly` offer of a participant."""

    do: Literal["publish"] = "publish"
    room: MeetingId
    publisher: ParticipantId
    offer: str


class Subscribe(_Command):
    """Take the `recvonly` offer of a participant for what another one publishes."""

    do: Literal["subscribe"] = "subscribe"
    room: MeetingId
    subscriber: ParticipantId
    publisher: ParticipantId
    offer: str
    media: frozenset[MediaKind]
    """What the leg may carry; without audio there is neither an audio m-line nor an audio route."""


class Unsubscribe(_Command):
    """Close the leg that carries one participant's media to another."""

    do: Literal["unsubscribe"] = "unsubscribe"
    room: MeetingId
    subscriber: ParticipantId
    publisher: ParticipantId


class Remove(_Command):
    """Close every leg to and from a participant."""

    do: Literal["remove"] = "remove"
    room: MeetingId
    participant: ParticipantId


class CloseRoom(_Command):
    """Close every leg of a room."""

    do: Literal["close_room"] = "close_room"
    room: MeetingId


class Stats(_Command):
    """Tell how many rooms and legs there are, and what was dropped why."""

    do: Literal["stats"] = "stats"


class Done(_Message):
    """The command was carried out."""

    tell: Literal["done"] = "done"
    request: int
    answer: str = ""
    """The session description, where the command brought an offer."""
    counts: dict[str, int] = {}
    """What `stats` asked for."""


class Refused(_Message):
    """The command was refused; `errors.ERRORS` has the code."""

    tell: Literal["refused"] = "refused"
    request: int
    code: str


class LegTold(_Message):
    """What became of a leg without a command."""

    tell: Literal["leg"] = "leg"
    room: MeetingId
    participant: ParticipantId
    watched: ParticipantId | None
    """Whose media the leg carries; None for what the participant publishes."""
    what: Literal["connected", "lost"]


Command: TypeAlias = Publish | Subscribe | Unsubscribe | Remove | CloseRoom | Stats
Report: TypeAlias = Done | Refused | LegTold

COMMAND: Final[TypeAdapter[Command]] = TypeAdapter(Annotated[Command, Field(discriminator="do")])
REPORT: Final[TypeAdapter[Report]] = TypeAdapter(Annotated[Report, Field(discriminator="tell")])

MessageT = TypeVar("MessageT")


def pack(message: Command | Report) -> bytes:
    """Return the bytes of a message on the channel."""
    data = message.model_dump_json().encode()
    return len(data).to_bytes(_LENGTH_BYTES) + data


async def read(reader: StreamReader, adapter: TypeAdapter[MessageT]) -> MessageT | None:
    """Read the next message; None where the channel has ended.

    Raises:
        UnreadableMessage: what came is no message; the channel cannot go on.
    """
    try:
        length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES))
        if length > MAX_MESSAGE_BYTES:
            raise UnreadableMessage
        return adapter.validate_json(await reader.readexactly(length))
    except (IncompleteReadError, ConnectionError):
        return None
    except ValidationError:
        raise UnreadableMessage from None


@contextmanager
def unix_address(path: Path) -> Iterator[str]:
    """Give a name for the socket at `path` that fits a socket address, however deep its folder lies."""
    if len(os.fsencode(path)) <= _UNIX_PATH_BYTES:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
