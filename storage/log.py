"""The audit log in the database: entries in the order of their commit, each a leaf of one Merkle tree.

An entry takes its place within the transaction that it tells of. Writers go one after another (ADR 11), so
that nobody else does at the same time. Beside it stands the root of the largest full subtree that it ends;
from these the tree can go on growing, however large it is, by reading O(log n) rows.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Select, func, insert, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import NullType

from server.audit.entry import Entry, LogKey
from server.audit.merkle import Frontier, Hash, Span, leaf_hash, pieces, root_of
from server.audit.ports import LogDamaged
from server.audit.search import Search
from server.kernel.circumstances import ORIGIN, RULE
from server.kernel.clock import Clock
from server.kernel.events import Event
from server.kernel.identity import Role
from storage.mapping import all_of, one_of, value_from, values_of
from storage.tables.audit import audit_entry

_NEWEST = 100
"""Entries by which the key is recognised."""


def _peaks() -> Select[tuple[int, bytes]]:
    """Ask for the rows that end the tree's full subtrees: the last, and those before it with bits cleared."""
    ends = select(func.max(audit_entry.c.number).label("end")).cte("ends", recursive=True)
    before = ends.c.end.bitwise_and(ends.c.end - 1)
    ends = ends.union_all(select(before).where(before > 0))
    found = select(audit_entry.c.number, audit_entry.c.subtree)
    return found.join(ends, audit_entry.c.number == ends.c.end).order_by(audit_entry.c.number)


_PEAKS = _peaks()


class OtherLogKey(ValueError):
    """The log was written with another key; the message says what to do, in both languages."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "审计日志不是用这把密钥写的：请从备份或其他节点取得 log.key。\n"
            "The audit log was written with another key: take log.key from a backup or from another node."
        )


class SqlLog:
    """What is asked of the log."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Ask on this connection."""
        self._connection = connection

    async def frontier(self) -> Frontier:
        """Return what the tree grows from."""
        rows = (await self._connection.execute(_PEAKS)).all()
        size = rows[-1].number if rows else 0
        if len(rows) != size.bit_count():
            raise LogDamaged
        return Frontier(size, [row.subtree for row in rows])

    async def recognise(self, key: LogKey) -> None:
        """Pass if `key` is the one that the log is written with, or nothing is written yet.

        That some of the newest entries were altered is for the check to tell.

        Raises:
            OtherLogKey: none of them was written with it.
        """
        newest = select(audit_entry).order_by(audit_entry.c.number.desc()).limit(_NEWEST)
        rows = (await self._connection.execute(newest)).all()
        if rows and not any(key.mac(value_from(Entry, row).canonical) == row.mac for row in rows):
            raise OtherLogKey

    async def roots(self, spans: Sequence[Span]) -> tuple[Hash, ...]:
        """Return the roots of subtrees."""
        ends = {end for span in spans for end in pieces(span)}
        found = await self._connection.execute(select(audit_entry).where(audit_entry.c.number.in_(ends)))
        rows = {row.number: row for row in found}
        if len(rows) != len(ends):
            raise LogDamaged

        def subtree(end: int) -> Hash:
            return bytes(rows[end].subtree)

        def leaf(end: int) -> Hash:
            return leaf_hash(value_from(Entry, rows[end]).canonical)

        return tuple(root_of(span, subtree, leaf) for span in spans)

    async def entry(self, number: int) -> Entry | None:
        """Return an entry."""
        query = select(audit_entry).where(audit_entry.c.number == number)
        return one_of(Entry, (await self._connection.execute(query)).one_or_none())

    async def altered(self, entries: Sequence[Entry], key: LogKey) -> frozenset[int]:
        """Return the numbers of those that are not as they were sealed with `key`."""
        numbers = [entry.number for entry in entries]
        query = select(audit_entry.c.number, audit_entry.c.mac).where(audit_entry.c.number.in_(numbers))
        macs = {row.number: row.mac for row in await self._connection.execute(query)}
        return frozenset(
            entry.number for entry in entries if macs.get(entry.number) != key.mac(entry.canonical)
        )

    async def newest(self, search: Search, *, before: int | None, limit: int) -> tuple[Entry, ...]:
        """Return the newest entries that `search` finds, of those with a number below `before`."""
        query = select(audit_entry).where(*_conditions(search)).order_by(audit_entry.c.number.desc())
        if before is not None:
            query = query.where(audit_entry.c.number < before)
        return all_of(Entry, await self._connection.execute(query.limit(limit)))

    async def oldest(self, search: Search, *, after: int, up_to: int, limit: int) -> tuple[Entry, ...]:
        """Return the oldest entries that `search` finds, of those numbered `after` + 1 to `up_to`."""
        within = (audit_entry.c.number > after, audit_entry.c.number <= up_to)
        query = select(audit_entry).where(*within, *_conditions(search)).order_by(audit_entry.c.number)
        return all_of(Entry, await self._connection.execute(query.limit(limit)))

    async def size(self) -> int:
        """Return how many rows there are."""
        return (await self._connection.execute(select(func.count()).select_from(audit_entry))).scalar_one()

    async def rows(self, *, after: int, limit: int) -> Sequence[Row[Any]]:
        """Return rows in the order of their numbers, their columns as they are stored, whatever that is."""
        every = [type_coerce(column, NullType()).label(column.name) for column in audit_entry.columns]
        query = select(*every).where(audit_entry.c.number > after).order_by(audit_entry.c.number)
        return cast("Sequence[Row[Any]]", (await self._connection.execute(query.limit(limit))).all())

    async def write(self, events: Sequence[Event], clock: Clock, key: LogKey) -> None:
        """Write what happened, in its order."""
        tree = await self.frontier()
        rows: list[dict[str, Any]] = []
        for event in events:
            entry = _entry(event, tree.size + 1, clock)
            canonical = entry.canonical
            tree.append(leaf_hash(canonical))
            rows.append({**values_of(entry), "subtree": tree.peaks[-1], "mac": key.mac(canonical)})
        await self._connection.execute(insert(audit_entry), rows)


def _conditions(search: Search) -> Iterator[ColumnElement[bool]]:
    for column in (audit_entry.c.event, audit_entry.c.subject, audit_entry.c.case_id):
        asked = getattr(search, column.name)
        if asked:
            yield column == asked
    if search.actors is not None:
        yield audit_entry.c.actor.in_(search.actors)
    if search.among is not None:
        yield audit_entry.c.event.in_(search.among)
    if search.since is not None:
        yield audit_entry.c.at >= search.since
    if search.until is not None:
        yield audit_entry.c.at < search.until


def _entry(event: Event, number: int, clock: Clock) -> Entry:
    details = event.details()
    return Entry(
        number=number,
        at=clock.now(),
        actor=event.actor,
        event=type(event).__name__,
        subject=event.subject,
        case_id=str(details.get("case_id", "")),
        details=json.dumps(details, sort_keys=True),
        origin=ORIGIN.get(),
        rule=_rule_of(event.actor),
    )


def _rule_of(actor: str) -> str:
    """Return the rule that allowed it; none that was asked of somebody else before, in the same task.

    Who signs in was nobody when it was asked.
    """
    asked_of = RULE.get().partition("/")[0]
    return RULE.get() if asked_of in {actor.partition(":")[0], Role.ANONYMOUS} else ""
