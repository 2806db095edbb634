"""Feeds: made and revoked by their account, read by whoever has the token."""

import secrets

from server.alerts.model import Feed, FeedMade, FeedRevoked
from server.alerts.ports import AlertsTx
from server.kernel.clock import Clock
from server.kernel.errors import NotFound
from server.kernel.identity import Identity
from server.people.policy import account_of
from server.people.sessions import hash_of

_TOKEN_BYTES = 32


async def make_feed(identity: Identity, tx: AlertsTx, clock: Clock) -> str:
    """Give the account a feed and return its token, shown once; the one before reads nothing more.

    Raises:
        NotFound: the identity is no person with an account.
    """
    account_id = account_of(identity)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    feed = Feed(account_id=account_id, token_hash=hash_of(token), created_at=clock.now())
    await tx.alerts.put_feed(feed)
    tx.record(FeedMade(actor=identity.actor, account_id=account_id))
    return token


async def revoke_feed(identity: Identity, tx: AlertsTx) -> None:
    """Take the account's feed away; none is well.

    Raises:
        NotFound: the identity is no person with an account.
    """
    account_id = account_of(identity)
    if await tx.alerts.feed_of(account_id) is not None:
        await tx.alerts.remove_feed(account_id)
        tx.record(FeedRevoked(actor=identity.actor, account_id=account_id))


async def feed_of(identity: Identity, tx: AlertsTx) -> Feed | None:
    """Return the account's feed, if it has one."""
    return await tx.alerts.feed_of(account_of(identity))


async def reader_of(token: str, tx: AlertsTx) -> Identity:
    """Return whose reminders the token reads.

    Raises:
        NotFound: nobody's: it was never given, was revoked, or the account is closed.
    """
    feed = await tx.alerts.feed_by_token(hash_of(token))
    account = None if feed is None else await tx.people.account(feed.account_id)
    if account is None or not account.active:
        raise NotFound
    return account.identity
