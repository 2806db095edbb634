"""What alerts are made of: reminders, and feeds that a calendar program subscribes to."""

from dataclasses import dataclass
from datetime import datetime

from typing_extensions import override

from server.kernel.ids import AccountId
from server.people.model import AccountEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """Something that a person has to think of in time; it names no person and no case."""

    uid: str
    """The same whenever it is told."""
    words: str
    """Message id of what it is."""
    starts_at: datetime
    ends_at: datetime
    path: str
    """The page that tells more, to whom it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """An account's subscription: whoever has its token reads the account's reminders."""

    account_id: AccountId
    token_hash: bytes
    """SHA-256; the token itself is shown once and not kept."""
    created_at: datetime


class FeedMade(AccountEvent):
    """An account got a feed, in place of the one before."""

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        """Return none: what the account may do stays the same."""
        return ()


class FeedRevoked(FeedMade):
    """Nobody reads an account's reminders through a feed any more."""
