"""Retention on the database: what is kept for how long, and how a case is destroyed to the last row."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Table, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from server.cases.model import Case
from server.kernel.ids import CaseId, OrganisationId
from server.retention.model import (
    Assessment,
    Destroyed,
    DoomedObject,
    Hold,
    PlannedErasure,
    RecordKind,
    Seal,
    Shelf,
)
from server.retention.ports import RetentionStore
from storage.casefiles import SqlCaseFiles
from storage.mapping import Dataclass, all_of, one_of, values_of
from storage.tables import casefiles, cases, keys, metadata, slots
from storage.tables import retention as tables
from storage.tables.audit import audit_entry

_CASE = cases.legal_case.c
_STAYS = frozenset(
    {
        cases.legal_case,
        cases.case_link,
        cases.assignment,
        cases.stale_plan,
        tables.doomed_object,
        audit_entry,
    }
)
"""What outlives a case: that there was one of this number, and who defended in it, for the rules of conflict;
the log, which holds no content; and what is still to be done about it."""
_BLANK = {
    "agency_number": "",
    "procedure": None,
    "offence": "",
    "life_or_death": False,
    "minor": False,
    "facility_id": None,
    "language": "",
    "volumes": 0,
    "co_accused": 0,
    "hearing_at": None,
}


class SqlRetention(RetentionStore):
    """Keeps retention in tables."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work within the transaction of `connection`."""
        self._connection = connection

    @override
    async def kept_cases(
        self,
        institution_id: OrganisationId,
        shelf: Shelf,
        *,
        closed_before: datetime,
        after: CaseId | None,
        limit: int,
    ) -> tuple[Case, ...]:
        query = select(cases.legal_case).where(
            _CASE.institution_id == institution_id, _CASE.closed_at.is_not(None), _on(shelf, closed_before)
        )
        if after is not None:
            last = select(_CASE.closed_at).where(_CASE.id == after).scalar_subquery()
            query = query.where((_CASE.closed_at > last) | ((_CASE.closed_at == last) & (_CASE.id > after)))
        ordered = query.order_by(_CASE.closed_at, _CASE.id).limit(limit)
        return all_of(Case, await self._connection.execute(ordered))

    @override
    async def later_stages(self, case_id: CaseId) -> tuple[Case, ...]:
        found: list[Case] = []
        earlier = [case_id]
        while earlier:
            query = select(cases.legal_case).where(_CASE.continues.in_(earlier), _CASE.erased_at.is_(None))
            stages = all_of(Case, await self._connection.execute(query))
            found += stages
            earlier = [stage.id for stage in stages]
        return tuple(found)

    @override
    async def seal(self, case_id: CaseId) -> Seal | None:
        query = select(tables.case_seal).where(tables.case_seal.c.case_id == case_id)
        return one_of(Seal, (await self._connection.execute(query)).one_or_none())

    @override
    async def put_seal(self, seal: Seal) -> None:
        await self._put(tables.case_seal, tables.case_seal.c.case_id == seal.case_id, seal)

    @override
    async def seals_to_close(self, now: datetime) -> tuple[Seal, ...]:
        query = select(tables.case_seal).where(tables.case_seal.c.opened_until <= now)
        return all_of(Seal, await self._connection.execute(query))

    @override
    async def holds_of(self, case_id: CaseId) -> tuple[Hold, ...]:
        query = select(tables.legal_hold).where(tables.legal_hold.c.case_id == case_id)
        ordered = query.order_by(tables.legal_hold.c.placed_at, tables.legal_hold.c.id)
        return all_of(Hold, await self._connection.execute(ordered))

    @override
    async def put_hold(self, hold: Hold) -> None:
        await self._put(tables.legal_hold, tables.legal_hold.c.id == hold.id, hold)

    @override
    async def planned_erasure(self, case_id: CaseId) -> PlannedErasure | None:
        query = select(tables.planned_erasure).where(tables.planned_erasure.c.case_id == case_id)
        return one_of(PlannedErasure, (await self._connection.execute(query)).one_or_none())

    @override
    async def plan_erasure(self, planned: PlannedErasure) -> None:
        await self._connection.execute(insert(tables.planned_erasure).values(values_of(planned)))

    @override
    async def withdraw_erasure(self, case_id: CaseId) -> None:
        planned = tables.planned_erasure
        await self._connection.execute(delete(planned).where(planned.c.case_id == case_id))

    @override
    async def erasures_due(self, now: datetime, *, limit: int) -> tuple[PlannedErasure, ...]:
        columns = tables.planned_erasure.c
        query = select(tables.planned_erasure).where(columns.due_at <= now)
        ordered = query.order_by(columns.due_at, columns.case_id).limit(limit)
        return all_of(PlannedErasure, await self._connection.execute(ordered))

    @override
    async def destroy(self, case: Case) -> Destroyed:
        own = (
            select(keys.case_key.c.id).where(keys.case_key.c.case_id == case.id).order_by(keys.case_key.c.id)
        )
        destroyed = tuple((await self._connection.execute(own)).scalars())
        doomed = await self._doom(case.id)
        rows = 0
        for table, condition in what_tells_of(case.id):
            rows += (await self._connection.execute(delete(table).where(condition))).rowcount
        notes = {"note": "", "answer_note": ""}
        matches = cases.assignment.c.case_id == case.id
        await self._connection.execute(update(cases.assignment).where(matches).values(notes))
        left = update(cases.legal_case).where(_CASE.id == case.id).values(_BLANK)
        await self._connection.execute(left)
        return Destroyed(keys=destroyed, objects=doomed, rows=rows)

    async def _doom(self, case_id: CaseId) -> int:
        """Note what the case has in the object store before the rows that name it go; return how many."""
        files = SqlCaseFiles(self._connection)
        names: dict[str, bool] = {}
        for dossier in await files.dossiers_of(case_id):
            names[dossier.original_key] = False
            names |= {page.image_key: False for page in await files.pages(dossier.id)}
        uploads = select(casefiles.upload.c.id).where(casefiles.upload.c.case_id == case_id)
        names |= dict.fromkeys((await self._connection.execute(uploads)).scalars(), True)
        for name, is_upload in names.items():
            doomed = DoomedObject(name, case_id, is_upload)
            await self._connection.execute(insert(tables.doomed_object).values(values_of(doomed)))
        return len(names)

    @override
    async def doomed_objects(self, *, limit: int) -> tuple[DoomedObject, ...]:
        query = select(tables.doomed_object).order_by(tables.doomed_object.c.name).limit(limit)
        return all_of(DoomedObject, await self._connection.execute(query))

    @override
    async def forget_doomed(self, doomed: DoomedObject) -> None:
        gone = delete(tables.doomed_object).where(tables.doomed_object.c.name == doomed.name)
        await self._connection.execute(gone)

    async def left_of_erased(self) -> tuple[tuple[CaseId, str], ...]:
        """Return what should be nowhere any more: each erased case of which a table tells, and the table."""
        erased = select(_CASE.id).where(_CASE.erased_at.is_not(None)).order_by(_CASE.id)
        found = []
        for case_id in (await self._connection.execute(erased)).scalars():
            for table, condition in what_tells_of(CaseId(case_id)):
                if (await self._connection.execute(select(exists().where(condition)))).scalar_one():
                    found.append((CaseId(case_id), table.name))
        return tuple(found)

    @override
    async def longer_periods(self) -> Mapping[RecordKind, int]:
        rows = await self._connection.execute(select(tables.longer_period))
        return {row.kind: row.months for row in rows}

    @override
    async def put_longer_period(self, kind: RecordKind, months: int) -> None:
        longer = tables.longer_period
        await self._connection.execute(delete(longer).where(longer.c.kind == kind))
        await self._connection.execute(insert(longer).values(kind=kind, months=months))

    @override
    async def assessments(self) -> tuple[Assessment, ...]:
        columns = tables.impact_assessment.c
        query = select(tables.impact_assessment).order_by(columns.concluded_on.desc(), columns.id)
        return all_of(Assessment, await self._connection.execute(query))

    @override
    async def add_assessment(self, assessment: Assessment) -> None:
        await self._connection.execute(insert(tables.impact_assessment).values(values_of(assessment)))

    async def _put(self, table: Table, matches: ColumnElement[bool], value: Dataclass) -> None:
        await self._connection.execute(delete(table).where(matches))
        await self._connection.execute(insert(table).values(values_of(value)))


def _on(shelf: Shelf, closed_before: datetime) -> ColumnElement[bool]:
    """Tell in SQL whether a closed case stands on a shelf."""
    held = exists().where(tables.legal_hold.c.case_id == _CASE.id, tables.legal_hold.c.lifted_at.is_(None))
    planned = exists().where(tables.planned_erasure.c.case_id == _CASE.id)
    there = _CASE.erased_at.is_(None)
    match shelf:
        case Shelf.ALL:
            return there
        case Shelf.EXPIRED:
            return there & (_CASE.closed_at <= closed_before) & ~held & ~planned
        case Shelf.HELD:
            return there & held
        case Shelf.PLANNED:
            return there & planned
        case Shelf.SEALED:
            return there & _CASE.sealed_at.is_not(None)
        case Shelf.ERASED:
            return _CASE.erased_at.is_not(None)


def what_tells_of(case_id: CaseId) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Yield each table that tells of a case, and which of its rows do; what refers to others comes first.

    A new table is among them by itself if it names the case, or refers to one that does.
    """
    answers = cases.notice_answer
    yield answers, answers.c.location == f"/api/v1/cases/{case_id}"
    claims, bookings = slots.slot_claim, slots.booking
    yield claims, claims.c.booking_id.in_(select(bookings.c.id).where(bookings.c.case_id == case_id))
    for table in reversed(metadata.sorted_tables):
        if table in _STAYS:
            continue
        if "case_id" in table.columns:
            yield table, table.c.case_id == case_id
            continue
        for reference in table.foreign_keys:
            parent = reference.column.table
            if "case_id" in parent.columns and parent not in _STAYS:
                own = select(reference.column).where(parent.c.case_id == case_id)
                yield table, reference.parent.in_(own)
