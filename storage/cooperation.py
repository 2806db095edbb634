"""Lawyers' profiles on the database."""

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from server.cooperation.model import LawyerProfile, Leave
from server.cooperation.ports import CooperationStore
from server.kernel.ids import AccountId
from storage.mapping import all_of, one_of, values_of
from storage.tables import cooperation as tables


class SqlCooperation(CooperationStore):
    """Keeps profiles in tables."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work within the transaction of `connection`."""
        self._connection = connection

    @override
    async def put_profile(self, profile: LawyerProfile) -> None:
        same = tables.lawyer_profile.c.account_id == profile.account_id
        await self._connection.execute(delete(tables.lawyer_profile).where(same))
        await self._connection.execute(insert(tables.lawyer_profile).values(values_of(profile)))

    @override
    async def profile(self, account_id: AccountId) -> LawyerProfile | None:
        query = select(tables.lawyer_profile).where(tables.lawyer_profile.c.account_id == account_id)
        return one_of(LawyerProfile, (await self._connection.execute(query)).one_or_none())

    @override
    async def profiles(self) -> tuple[LawyerProfile, ...]:
        query = select(tables.lawyer_profile).order_by(tables.lawyer_profile.c.account_id)
        return all_of(LawyerProfile, await self._connection.execute(query))

    @override
    async def add_leave(self, leave: Leave) -> None:
        await self._connection.execute(insert(tables.leave).values(values_of(leave)))

    @override
    async def leaves(self) -> tuple[Leave, ...]:
        query = select(tables.leave).order_by(tables.leave.c.from_day)
        return all_of(Leave, await self._connection.execute(query))
