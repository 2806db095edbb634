"""What meetings need from outside: their stores, and the media plane that forwards packets."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Literal, Protocol

from server.kernel.ids import MeetingId, ParticipantId, TerminalId
from server.rooms.model import MediaKind, Meeting, Participant, Visit
from server.scheduling.ports import SlotsTx


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


class RoomStore(Protocol):
    """Keeps meetings, participants and what each terminal shows."""

    async def add_meeting(self, meeting: Meeting) -> None:
        """Store a new meeting."""
        ...

    async def meeting(self, meeting_id: MeetingId) -> Meeting | None:
        """Return the meeting, if there is one."""
        ...

    async def put_meeting(self, meeting: Meeting) -> None:
        """Store a changed meeting."""
        ...

    async def meetings(self, meeting_ids: frozenset[MeetingId]) -> dict[MeetingId, Meeting]:
        """Return those of the meetings that exist, by id."""
        ...

    async def meetings_at(self, terminal_id: TerminalId) -> tuple[Meeting, ...]:
        """Return a terminal's meetings, by their start."""
        ...

    async def meetings_over(self, now: datetime) -> tuple[Meeting, ...]:
        """Return the meetings whose time is over but which nobody has closed."""
        ...

    async def add_participant(self, participant: Participant) -> None:
        """Store somebody's place in a meeting."""
        ...

    async def participants_of(self, meeting_id: MeetingId) -> tuple[Participant, ...]:
        """Return everybody's place in a meeting."""
        ...

    async def visit(self, terminal_id: TerminalId) -> Visit | None:
        """Return whose meeting the terminal shows; a device paired since must be told the code anew."""
        ...

    async def put_visit(self, visit: Visit) -> None:
        """Store whose meeting the terminal shows."""
        ...

    async def end_visit(self, terminal_id: TerminalId) -> None:
        """Forget whose meeting the terminal showed."""
        ...


class RoomsTx(SlotsTx, Protocol):
    """A unit of work with meetings, the ledger, cases and people in it."""

    @property
    def rooms(self) -> RoomStore:
        """The meetings."""
        ...
