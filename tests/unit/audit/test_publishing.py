from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from server.audit.heads import HeadKey, HeadRefused, SignedTreeHead
from server.audit.ports import Archive
from server.audit.proofs import LogContradicted, Prover
from server.audit.publishing import HeadPublisher
from server.http.health import State
from server.kernel.clock import microseconds_of
from server.people.events import SessionsRevoked
from server.probes import HEADS_LATE, heads_probe
from server.settings import Settings
from storage.database import Database
from storage.head_files import HeadFiles
from storage.tables.audit import audit_entry
from tests.databases import LOG_KEY
from tests.fakes.clock import SetClock

KEY = HeadKey(lambda: bytes(32))


class Kept:
    """An archive in memory, which may be full."""

    def __init__(self) -> None:
        self.heads: list[SignedTreeHead] = []
        self.is_full = False

    def append(self, signed: SignedTreeHead) -> None:
        if self.is_full:
            message = "full"
            raise OSError(message)
        self.heads.append(signed)

    def newest(self) -> SignedTreeHead | None:
        return self.heads[-1] if self.heads else None


def publisher_to(archive: Archive, database: Database, clock: SetClock, key: HeadKey = KEY) -> HeadPublisher:
    prover = Prover(units=database, log_key=LOG_KEY, head_key=key, archive=archive, clock=clock)
    return HeadPublisher(prover=prover, archive=archive, clock=clock)


async def test_the_head_shows_the_log_as_it_is_when_it_is_published(
    database: Database, clock: SetClock
) -> None:
    archive = Kept()
    publisher = publisher_to(archive, database, clock)
    await publisher.publish()
    async with database.transaction() as tx:
        tx.record(SessionsRevoked(actor="security_admin:s1", account_id="a1"))
    clock.move(timedelta(minutes=1))
    await publisher.publish()
    async with database.reading() as tx:
        tree = await tx.log.frontier()
    assert [signed.head.tree_size for signed in archive.heads] == [0, 1]
    newest = archive.heads[-1]
    KEY.verify(newest)
    assert newest.head.root_hash == tree.root
    assert newest.head.timestamp == microseconds_of(clock.now()) // 1000


@contextmanager
def full(archive: Kept) -> Iterator[None]:
    archive.is_full = True
    yield
    archive.is_full = False


async def test_heads_that_are_late_are_a_failure_until_one_is_kept_again(
    database: Database, clock: SetClock, tmp_path: Path
) -> None:
    archive = Kept()
    settings = Settings(data_dir=tmp_path, database_url="postgresql://elsewhere/d")
    publisher = publisher_to(archive, database, clock)
    probe = heads_probe(publisher, settings, clock)
    assert (await probe.look()).state is State.FAILED
    await publisher.publish()
    assert (await probe.look()).state is State.WELL
    clock.move(HEADS_LATE)
    with full(archive), pytest.raises(OSError, match="full"):
        await publisher.publish()
    clock.move(timedelta(seconds=1))
    assert (await probe.look()).state is State.FAILED
    await publisher.publish()
    assert (await probe.look()).state is State.WELL


async def test_heads_on_the_disk_of_the_database_are_a_worry(
    database: Database, clock: SetClock, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path)
    files = HeadFiles(settings.heads)
    publisher = publisher_to(files, database, clock)
    await publisher.publish()
    assert (await heads_probe(publisher, settings, clock).look()).state is State.WORRYING


async def test_a_log_that_was_rewritten_is_not_signed(
    database: Database, clock: SetClock, tmp_path: Path
) -> None:
    async def write(account_id: str) -> None:
        async with database.transaction() as tx:
            tx.record(SessionsRevoked(actor="security_admin:s1", account_id=account_id))

    archive = Kept()
    settings = Settings(data_dir=tmp_path)
    publisher = publisher_to(archive, database, clock)
    for account_id in ("a1", "a2", "a3"):
        await write(account_id)
    await publisher.publish()
    async with database.transaction() as tx:
        await tx.connection.execute(delete(audit_entry).where(audit_entry.c.number == 3))
    with pytest.raises(LogContradicted):
        await publisher.publish()
    await write("a4")
    await write("a5")
    with pytest.raises(LogContradicted):
        await publisher.publish()
    assert [signed.head.tree_size for signed in archive.heads] == [3]
    found = await heads_probe(publisher, settings, clock).look()
    assert (found.state, "矛盾" in found.words) == (State.FAILED, True)


async def test_a_log_with_a_hole_is_not_signed(database: Database, clock: SetClock, tmp_path: Path) -> None:
    archive = Kept()
    publisher = publisher_to(archive, database, clock)
    async with database.transaction() as tx:
        for account_id in ("a1", "a2", "a3"):
            tx.record(SessionsRevoked(actor="security_admin:s1", account_id=account_id))
    async with database.transaction() as tx:
        await tx.connection.execute(delete(audit_entry).where(audit_entry.c.number == 2))
    with pytest.raises(LogContradicted):
        await publisher.publish()
    found = await heads_probe(publisher, Settings(data_dir=tmp_path), clock).look()
    assert (found.state, archive.heads) == (State.FAILED, [])


async def test_who_has_not_the_key_of_the_last_head_signs_none(database: Database, clock: SetClock) -> None:
    archive = Kept()
    await publisher_to(archive, database, clock).publish()
    other = HeadKey(lambda: bytes([1] * 32))
    with pytest.raises(HeadRefused):
        await publisher_to(archive, database, clock, other).publish()
    assert len(archive.heads) == 1
