import asyncio
from collections.abc import AsyncIterator

from typing_extensions import override

from server.kernel.ids import MeetingId, ParticipantId
from server.rooms.model import MediaKind
from server.rooms.ports import MediaNotice, MediaPlane


class FakePlane(MediaPlane):
    """A media plane that answers every offer and remembers what is forwarded to whom."""

    def __init__(self) -> None:
        self.publishing: set[tuple[MeetingId, ParticipantId]] = set()
        self.routes: dict[tuple[MeetingId, ParticipantId, ParticipantId], frozenset[MediaKind]] = {}
        """What is forwarded, by room, subscriber and publisher."""
        self.closed: list[MeetingId] = []
        self.told: asyncio.Queue[MediaNotice] = asyncio.Queue()

    @override
    async def publish(self, *, room: MeetingId, publisher: ParticipantId, offer: str) -> str:
        self.publishing.add((room, publisher))
        return f"answer to {publisher}"

    @override
    async def subscribe(
        self,
        *,
        room: MeetingId,
        subscriber: ParticipantId,
        publisher: ParticipantId,
        offer: str,
        media: frozenset[MediaKind],
    ) -> str:
        self.routes[room, subscriber, publisher] = media
        return f"answer to {subscriber}"

    @override
    async def unsubscribe(
        self, *, room: MeetingId, subscriber: ParticipantId, publisher: ParticipantId
    ) -> None:
        self.routes.pop((room, subscriber, publisher), None)

    @override
    async def remove(self, *, room: MeetingId, participant: ParticipantId) -> None:
        self.publishing.discard((room, participant))
        for route in tuple(self.routes):
            if route[0] == room and participant in route[1:]:
                del self.routes[route]

    @override
    async def close_room(self, room: MeetingId) -> None:
        self.closed.append(room)
        for route in tuple(self.routes):
            if route[0] == room:
                del self.routes[route]

    @override
    async def notices(self) -> AsyncIterator[MediaNotice]:
        while True:
            yield await self.told.get()
