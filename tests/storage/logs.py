"""Writes logs, exports their heads, and checks them."""

from server.audit.entry import LogKey
from server.audit.heads import HeadKey, TreeHead
from server.audit.merkle import Frontier
from server.people.events import SessionsRevoked
from storage.check import Report, Witnesses, check
from storage.database import Database
from storage.head_files import HeadFiles
from tests.databases import LOG_KEY

HEAD_KEY = HeadKey(lambda: bytes([7] * 32))
EXPORTED_MS = 1_790_000_000_000
"""2026-09-21: when the first head would have been exported; each entry is a millisecond."""


async def write(database: Database, count: int = 5, actor: str = "security_admin:s1") -> None:
    """Writes entries, each in a transaction of its own."""
    for number in range(count):
        async with database.transaction() as tx:
            tx.record(SessionsRevoked(actor=actor, account_id=f"a{number}"))


async def export(database: Database, heads: HeadFiles) -> Frontier:
    """Exports the log's head, and returns the tree."""
    async with database.reading() as tx:
        tree = await tx.log.frontier()
    head = TreeHead(timestamp=EXPORTED_MS + tree.size, tree_size=tree.size, root_hash=tree.root)
    heads.append(HEAD_KEY.sign(head))
    return tree


def witnesses(heads: HeadFiles, log_key: LogKey = LOG_KEY) -> Witnesses:
    """Returns what a log is held against."""
    return Witnesses(log_key=log_key, head_key=HEAD_KEY, heads=heads)


async def report(url: str, heads: HeadFiles, log_key: LogKey = LOG_KEY) -> Report:
    """Checks the log of the database at `url`."""
    return await check(url, witnesses(heads, log_key), lambda _done, _whole: None)
