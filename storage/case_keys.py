"""The wrapped keys of cases in the database."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.kernel.ids import CaseId
from storage.tables.keys import case_key


class WrappedKey(NamedTuple):
    """A case's key, encrypted under a master key."""

    id: str
    case_id: CaseId
    master_id: str
    wrapped: bytes
    made_at: datetime


class SqlCaseKeys:
    """What is asked of the table."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work within the transaction of `connection`."""
        self._connection = connection

    async def newest(self, case_id: CaseId) -> WrappedKey | None:
        """Return the key that the case's next object is wrapped under."""
        query = select(case_key).where(case_key.c.case_id == case_id)
        newest = query.order_by(case_key.c.made_at.desc(), case_key.c.id).limit(1)
        row = (await self._connection.execute(newest)).one_or_none()
        return None if row is None else WrappedKey(*row)

    async def key(self, case_id: CaseId, key_id: str) -> WrappedKey | None:
        """Return the case's key of that id."""
        query = select(case_key).where(case_key.c.id == key_id, case_key.c.case_id == case_id)
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else WrappedKey(*row)

    async def all(self) -> tuple[WrappedKey, ...]:
        """Return every case's keys."""
        rows = await self._connection.execute(select(case_key).order_by(case_key.c.id))
        return tuple(WrappedKey(*row) for row in rows)

    async def masters(self) -> frozenset[str]:
        """Return the ids of the master keys that are needed."""
        rows = await self._connection.execute(select(case_key.c.master_id).distinct())
        return frozenset(rows.scalars())

    async def add(self, key: WrappedKey) -> None:
        """Keep a new key."""
        await self._connection.execute(insert(case_key).values(key._asdict()))

    async def rewrap(self, keys: Iterable[WrappedKey]) -> None:
        """Keep the keys as they are wrapped now."""
        query = update(case_key).where(case_key.c.id == bindparam("key_id"))
        anew = query.values(master_id=bindparam("master"), wrapped=bindparam("anew"))
        rows = [{"key_id": key.id, "master": key.master_id, "anew": key.wrapped} for key in keys]
        if rows:
            await self._connection.execute(anew, rows)
