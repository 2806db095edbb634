"""What alerts need of the outside: a store of feeds, the people, and what other features remind of."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from server.alerts.model import Feed, Reminder
from server.kernel.identity import Identity
from server.kernel.ids import AccountId
from server.kernel.transaction import Transaction
from server.people.ports import PeopleStore

Agenda = Callable[[Identity], Awaitable[Sequence[Reminder]]]
"""What a feature reminds somebody of."""


class FeedStore(Protocol):
    """Keeps feeds, one an account."""

    async def put_feed(self, feed: Feed) -> None:
        """Store an account's feed, in place of the one before."""
        ...

    async def feed_of(self, account_id: AccountId) -> Feed | None:
        """Return the account's feed, if it has one."""
        ...

    async def feed_by_token(self, token_hash: bytes) -> Feed | None:
        """Return the feed whose token has this hash."""
        ...

    async def remove_feed(self, account_id: AccountId) -> None:
        """Forget the account's feed; missing is well."""
        ...


class AlertsTx(Transaction, Protocol):
    """A unit of work with feeds and people in it."""

    @property
    def alerts(self) -> FeedStore:
        """The feeds."""
        ...

    @property
    def people(self) -> PeopleStore:
        """The people."""
        ...
