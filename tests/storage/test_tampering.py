"""Who can change every row of the log, but has neither its key nor the exported heads, is found out."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, insert

from server.audit.entry import canonical_of
from server.audit.merkle import Frontier, leaf_hash
from storage.check import check_log, exported_heads
from storage.database import Database
from storage.head_files import HeadFiles
from storage.tables.audit import audit_entry
from tests.databases import LOG_KEY
from tests.storage.logs import export, witnesses, write

ALTERATIONS = 1000
BELOW_HEAD = 60
"""Entries that the last exported head shows; those behind it are not altered here."""
BEHIND_HEAD = 4

Row = dict[str, Any]
FIELDS = tuple(column.name for column in audit_entry.columns)[:-2]


def _alter(rows: list[Row], dice: Random) -> None:
    row = rows[dice.randrange(BELOW_HEAD)]
    name = dice.choice([name for name in row if name != "number"])
    old = row[name]
    if isinstance(old, bytes):
        row[name] = dice.randbytes(len(old))
    elif isinstance(old, str):
        row[name] = f"{old[: dice.randrange(20)]}x"
    else:
        row[name] = old + dice.choice((-1, 1)) * dice.randrange(1, 10**9)


def _delete(rows: list[Row], dice: Random) -> None:
    first = dice.randrange(BELOW_HEAD)
    del rows[first : min(first + dice.randrange(1, 4), BELOW_HEAD)]


def _cut_off(rows: list[Row], dice: Random) -> None:
    del rows[dice.randrange(1, BELOW_HEAD) :]


def _swap(rows: list[Row], dice: Random) -> None:
    one, other = dice.sample(range(BELOW_HEAD), 2)
    rows[one], rows[other] = rows[other], rows[one]


def _repeat(rows: list[Row], dice: Random) -> None:
    place, copied = dice.sample(range(BELOW_HEAD), 2)
    rows.insert(place, dict(rows[copied]))


def _close_gaps(rows: list[Row]) -> None:
    for number, row in enumerate(rows, start=1):
        row["number"] = number


def _grow_anew(rows: list[Row]) -> None:
    tree = Frontier()
    for row in rows:
        tree.append(leaf_hash(canonical_of([row[name] for name in FIELDS])))
        row["subtree"] = tree.peaks[-1]


KINDS: Sequence[Callable[[list[Row], Random], None]] = (_alter, _alter, _delete, _cut_off, _swap, _repeat)


def _tampered(rows: list[Row], dice: Random) -> list[Row]:
    """Returns the rows as a tamperer leaves them, who may have covered the tracks."""
    left = [dict(row) for row in rows]
    kind = dice.choice(KINDS)
    kind(left, dice)
    if kind is not _delete or dice.random() < 0.5:
        _close_gaps(left)
    if dice.random() < 0.5:
        _grow_anew(left)
    return left if left != rows else _tampered(rows, dice)


def _first_altered(rows: list[Row], left: list[Row]) -> int:
    both = zip(rows, left, strict=False)
    return next((before["number"] for before, after in both if before != after), len(left) + 1)


@pytest.mark.parametrize("seed", range(4))
async def test_each_tampering_below_the_last_head_is_found_and_its_first_entry_named(
    database: Database, heads: HeadFiles, seed: int
) -> None:
    dice = Random(seed)  # noqa: S311 - no secret
    for _ in range(3):
        await write(database, BELOW_HEAD // 3)
        await export(database, heads)
    await write(database, BEHIND_HEAD)
    async with database.reading() as tx:
        rows = [dict(row._mapping) for row in await tx.log.rows(after=0, limit=1000)]  # noqa: SLF001
    for _ in range(ALTERATIONS // 4):
        left = _tampered(rows, dice)
        (found,) = await _findings_after(database, left, heads)
        assert re.search(rf"entr(y|ies) {_first_altered(rows, left)}\b", found), found
    assert await _findings_after(database, rows, heads) == ()


class _Undo(Exception):
    """Ends a transaction without its commit."""


async def _findings_after(database: Database, rows: list[Row], heads: HeadFiles) -> tuple[str, ...]:
    """Returns what the check finds once the log's rows are these; they are the old ones again afterwards."""
    raw = audit_entry.to_metadata(type(audit_entry.metadata)())
    raw.c.at.type = raw.c.number.type
    found: tuple[str, ...] = ()
    with suppress(_Undo):
        async with database.transaction() as tx:
            await tx.connection.execute(delete(raw))
            await tx.connection.execute(insert(raw), rows)
            exported = exported_heads(witnesses(heads))
            found = (await check_log(tx.log, LOG_KEY, exported, lambda _done, _whole: None)).findings
            raise _Undo
    return found
