"""Meetings on the database."""

from datetime import datetime

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from server.kernel.ids import MeetingId, TerminalId
from server.rooms.model import Meeting, MeetingStatus, Participant, Visit
from server.rooms.ports import RoomStore
from storage.mapping import all_of, one_of, values_of
from storage.tables import rooms as tables
from storage.tables.people import terminal


class SqlRooms(RoomStore):
    """Keeps meetings in tables."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work within the transaction of `connection`."""
        self._connection = connection

    @override
    async def add_meeting(self, meeting: Meeting) -> None:
        await self._connection.execute(insert(tables.meeting).values(values_of(meeting)))

    @override
    async def meeting(self, meeting_id: MeetingId) -> Meeting | None:
        query = select(tables.meeting).where(tables.meeting.c.id == meeting_id)
        return one_of(Meeting, (await self._connection.execute(query)).one_or_none())

    @override
    async def put_meeting(self, meeting: Meeting) -> None:
        await self._connection.execute(
            update(tables.meeting).where(tables.meeting.c.id == meeting.id).values(values_of(meeting))
        )

    @override
    async def meetings(self, meeting_ids: frozenset[MeetingId]) -> dict[MeetingId, Meeting]:
        query = select(tables.meeting).where(tables.meeting.c.id.in_(meeting_ids))
        found = all_of(Meeting, await self._connection.execute(query))
        return {meeting.id: meeting for meeting in found}

    @override
    async def meetings_at(self, terminal_id: TerminalId) -> tuple[Meeting, ...]:
        query = select(tables.meeting).where(tables.meeting.c.terminal_id == terminal_id)
        return all_of(Meeting, await self._connection.execute(query.order_by(tables.meeting.c.starts_at)))

    @override
    async def meetings_over(self, now: datetime) -> tuple[Meeting, ...]:
        query = select(tables.meeting).where(
            tables.meeting.c.ends_at <= now, tables.meeting.c.status != MeetingStatus.CLOSED
        )
        return all_of(Meeting, await self._connection.execute(query))

    @override
    async def add_participant(self, participant: Participant) -> None:
        await self._connection.execute(insert(tables.participant).values(values_of(participant)))

    @override
    async def participants_of(self, meeting_id: MeetingId) -> tuple[Participant, ...]:
        query = select(tables.participant).where(tables.participant.c.meeting_id == meeting_id)
        return all_of(Participant, await self._connection.execute(query.order_by(tables.participant.c.id)))

    @override
    async def visit(self, terminal_id: TerminalId) -> Visit | None:
        paired_at = terminal.c.paired_at
        query = (
            select(tables.visit)
            .join(terminal, terminal.c.id == tables.visit.c.terminal_id)
            .where(tables.visit.c.terminal_id == terminal_id)
            .where(or_(paired_at.is_(None), tables.visit.c.began_at >= paired_at))
        )
        return one_of(Visit, (await self._connection.execute(query)).one_or_none())

    @override
    async def put_visit(self, visit: Visit) -> None:
        await self.end_visit(visit.terminal_id)
        await self._connection.execute(insert(tables.visit).values(values_of(visit)))

    @override
    async def end_visit(self, terminal_id: TerminalId) -> None:
        await self._connection.execute(delete(tables.visit).where(tables.visit.c.terminal_id == terminal_id))
