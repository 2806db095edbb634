"""What meetings need from outside: their stores, and the media plane that forwards packets."""

from collections.abc import AsyncIterator
from typing import Literal, Protocol

from server.kernel.ids import MeetingId, ParticipantId
from server.rooms.model import MediaKind


class MediaNotice(Protocol):
    """Something that the media plane tells on its own account."""

    @property
    def room(self) -> MeetingId:
        """The room that it concerns."""
        ...

    @property
    def participant(self) -> ParticipantId | None:
        """The publisher that it concerns; None if it is the whole room."""
        ...

    @property
    def what(self) -> Literal["connected", "lost", "worker_restarted"]:
        """What happened.

        `connected`: the first media packet came; `lost`: consent expired (RFC 7675) or DTLS closed;
        `worker_restarted`: every connection of the room is gone, clients must publish and subscribe anew.
        """
        ...


class MediaPlane(Protocol):
    """Forwards packets between the participants of a room, without being able to read them.

    Each call may raise a `DomainError`: an offer that can't be answered, or a worker that is away
    (`Kind.UNAVAILABLE`). Removing what is not there is no error.
    """

    async def publish(self, *, room: MeetingId, publisher: ParticipantId, offer: str) -> str:
        """Take the `sendonly` offer of `publisher`, replacing a former connection; return the answer."""
        ...

    async def subscribe(
        self,
        *,
        room: MeetingId,
        subscriber: ParticipantId,
        publisher: ParticipantId,
        offer: str,
        media: frozenset[MediaKind],
    ) -> str:
        """Take the `recvonly` offer of `subscriber` for what `publisher` sends; return the answer.

        An offer with an m-line of a kind outside `media` is refused, and no packet of such a kind is ever
        routed to this connection.
        """
        ...

    async def unsubscribe(
        self, *, room: MeetingId, subscriber: ParticipantId, publisher: ParticipantId
    ) -> None:
        """Close that connection."""
        ...

    async def remove(self, *, room: MeetingId, participant: ParticipantId) -> None:
        """Close every connection to and from `participant`; on return nothing more is forwarded."""
        ...

    async def close_room(self, room: MeetingId) -> None:
        """Close every connection of the room."""
        ...

    def notices(self) -> AsyncIterator[MediaNotice]:
        """Yield what happens, until the plane is closed."""
        ...
