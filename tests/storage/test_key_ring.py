"""The keys of cases: each case's own, wrapped by a master key that can be replaced, lost and restored."""

import asyncio
import threading
from errno import ENOSPC
from pathlib import Path

import pytest
from typing_extensions import override

from server.kernel.ids import CaseId
from server.kernel.objects import ObjectDamaged
from storage.database import Database
from storage.envelope import KEY_BYTES
from storage.escrow import SharesRefused, joined, split
from storage.key_ring import CaseKeys, NoMasterKey
from storage.master_keys import MasterKey, MasterKeys
from tests.fakes.clock import SetClock


@pytest.fixture
def masters(tmp_path: Path) -> MasterKeys:
    return MasterKeys(tmp_path / "master")


@pytest.fixture
def keys(database: Database, masters: MasterKeys) -> CaseKeys:
    return CaseKeys(database, masters, SetClock())


async def test_each_case_has_one_key_however_many_ask_at_once(
    keys: CaseKeys, case_ids: tuple[CaseId, ...]
) -> None:
    got = await asyncio.gather(*(keys.newest(case_id) for case_id in case_ids * 4))
    assert len(set(got)) == len(case_ids)
    for case_id, key in zip(case_ids * 4, got, strict=True):
        assert await keys.key(case_id, key.id) == key


async def test_a_key_is_given_for_its_own_case_only(keys: CaseKeys, case_ids: tuple[CaseId, ...]) -> None:
    key = await keys.newest(case_ids[0])
    for case_id, key_id in ((case_ids[1], key.id), (case_ids[0], "0" * 26)):
        with pytest.raises(ObjectDamaged):
            await keys.key(case_id, key_id)


async def test_a_key_moved_to_another_case_does_not_open(
    keys: CaseKeys, database: Database, case_ids: tuple[CaseId, ...]
) -> None:
    key = await keys.newest(case_ids[0])
    async with database.transaction() as tx:
        wrapped = await tx.case_keys.key(case_ids[0], key.id)
        assert wrapped is not None
        await tx.case_keys.add(wrapped._replace(id="1" * 26, case_id=case_ids[1]))
    with pytest.raises(ObjectDamaged):
        await keys.newest(case_ids[1])


async def test_rotating_changes_what_wraps_and_nothing_else(
    keys: CaseKeys, masters: MasterKeys, database: Database, case_ids: tuple[CaseId, ...]
) -> None:
    before = [await keys.newest(case_id) for case_id in case_ids]
    (former,) = masters.all()
    assert await keys.rotate() == len(case_ids)
    (master,) = masters.all()
    assert master != former
    assert [await keys.newest(case_id) for case_id in case_ids] == before
    async with database.reading() as tx:
        assert await tx.case_keys.masters() == {master.id}
        assert (await tx.log.rows(after=0, limit=10))[-1].event == "KeysRotated"


async def test_a_rotation_that_was_cut_short_loses_nothing_and_is_ended_by_the_next(
    keys: CaseKeys, masters: MasterKeys, case_ids: tuple[CaseId, ...]
) -> None:
    before = await keys.newest(case_ids[0])
    masters.add()
    assert await keys.newest(case_ids[0]) == before
    await keys.newest(case_ids[1])
    assert len(masters.all()) == 2
    assert await keys.rotate() == 2
    assert len(masters.all()) == 1
    assert await keys.newest(case_ids[0]) == before


async def test_keys_are_found_while_they_are_rotated(keys: CaseKeys, case_ids: tuple[CaseId, ...]) -> None:
    key = await keys.newest(case_ids[0])
    for _ in range(10):
        rotating = asyncio.create_task(keys.rotate())
        while not rotating.done():
            assert await keys.key(case_ids[0], key.id) == key
        await rotating


async def test_a_rotation_removes_no_key_that_another_one_that_fails_still_needs(
    database: Database, tmp_path: Path, case_ids: tuple[CaseId, ...]
) -> None:
    has_added, has_tidied = threading.Event(), threading.Event()

    class Slow(MasterKeys):
        @override
        def keep_needed(self, ids: frozenset[str]) -> None:
            has_added.wait(0.5)
            super().keep_needed(ids)
            has_tidied.set()

    class Failing(MasterKeys):
        @override
        def add(self, secret: bytes | None = None) -> MasterKey:
            super().add(secret)
            has_added.set()
            has_tidied.wait(0.5)
            raise OSError(ENOSPC, "the disk is full")

    keys = CaseKeys(database, Slow(tmp_path / "master"), SetClock())
    other = CaseKeys(database, Failing(tmp_path / "master"), SetClock())
    key = await keys.newest(case_ids[0])
    first, second = asyncio.create_task(keys.rotate()), asyncio.create_task(other.rotate())
    with pytest.raises(OSError, match="full"):
        await second
    await first
    assert await keys.newest(case_ids[0]) == key


async def test_a_file_that_holds_no_master_key_is_named(masters: MasterKeys, tmp_path: Path) -> None:
    masters.add()
    file = tmp_path / "master" / "2.key"
    await asyncio.to_thread(file.write_bytes, b"cut short")
    with pytest.raises(ValueError, match=r"2\.key"):
        masters.all()


async def test_without_its_master_key_nothing_starts_and_no_other_is_made(
    keys: CaseKeys, masters: MasterKeys, tmp_path: Path, case_ids: tuple[CaseId, ...]
) -> None:
    await keys.recognise()
    key = await keys.newest(case_ids[0])
    await keys.recognise()
    file = tmp_path / "master" / "1.key"
    secret = await asyncio.to_thread(file.read_bytes)
    await asyncio.to_thread(file.unlink)
    with pytest.raises(NoMasterKey, match=MasterKey.of(secret).id):
        await keys.recognise()
    with pytest.raises(NoMasterKey):
        await keys.newest(case_ids[1])
    with pytest.raises(ObjectDamaged):
        await keys.newest(case_ids[0])
    assert masters.all() == ()
    masters.add(joined(split(secret, threshold=2, shares=3)[1:]))
    assert await keys.newest(case_ids[0]) == key


SECRET = bytes(range(KEY_BYTES))


def test_any_three_of_five_shares_give_the_key_back_and_two_do_not() -> None:
    shares = split(SECRET, threshold=3, shares=5)
    assert joined(shares[:3]) == joined([shares[4], shares[0], shares[2]]) == SECRET
    with pytest.raises(SharesRefused):
        joined(shares[:2])
    for share in shares:
        assert len(share.split()) == 33


def test_a_wrong_word_and_shares_of_two_keys_are_refused() -> None:
    shares = split(SECRET, threshold=2, shares=3)
    first, *rest = shares[0].split()
    wrong = " ".join((*rest, first))
    others = split(SECRET, threshold=2, shares=3)
    for given in ([wrong, shares[1]], [shares[0], others[1]], [], ["nothing of the kind", shares[1]]):
        with pytest.raises(SharesRefused):
            joined(given)


@pytest.mark.parametrize(("threshold", "shares"), [(1, 3), (4, 3), (2, 17), (0, 0)])
def test_a_number_of_shares_that_makes_no_sense_is_refused(threshold: int, shares: int) -> None:
    with pytest.raises(SharesRefused, match="2"):
        split(SECRET, threshold=threshold, shares=shares)
