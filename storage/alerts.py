"""Feeds on the database."""

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from server.alerts.model import Feed
from server.alerts.ports import FeedStore
from server.kernel.ids import AccountId
from storage.mapping import one_of, values_of
from storage.tables import alerts as tables


class SqlAlerts(FeedStore):
    """Keeps feeds in a table."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work within the transaction of `connection`."""
        self._connection = connection

    @override
    async def put_feed(self, feed: Feed) -> None:
        await self.remove_feed(feed.account_id)
        await self._connection.execute(insert(tables.feed).values(values_of(feed)))

    @override
    async def feed_of(self, account_id: AccountId) -> Feed | None:
        query = select(tables.feed).where(tables.feed.c.account_id == account_id)
        return one_of(Feed, (await self._connection.execute(query)).one_or_none())

    @override
    async def feed_by_token(self, token_hash: bytes) -> Feed | None:
        query = select(tables.feed).where(tables.feed.c.token_hash == token_hash)
        return one_of(Feed, (await self._connection.execute(query)).one_or_none())

    @override
    async def remove_feed(self, account_id: AccountId) -> None:
        await self._connection.execute(delete(tables.feed).where(tables.feed.c.account_id == account_id))
