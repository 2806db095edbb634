"""Cases on the database."""

from collections import defaultdict
from datetime import date, datetime

from sqlalchemy import ColumnElement, delete, exists, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from server.cases.chronicle import Happening, chronicle
from server.cases.deadlines.calendar import CalendarEntry
from server.cases.deadlines.choices import Choice
from server.cases.model import (
    Assignment,
    AssignmentStatus,
    Case,
    CaseFact,
    CaseStatus,
    Cause,
    Delay,
    DelayParty,
    Extension,
    Notice,
    Party,
    Reckoning,
    Stage,
)
from server.cases.ports import CaseStore, KeptAnswer, StalePlan
from server.kernel.clock import CHINA
from server.kernel.ids import AccountId, AssignmentId, CaseId, NoticeId, OrganisationId
from storage.columns import EnumText
from storage.mapping import all_of, one_of, values_of
from storage.tables import cases as tables
from storage.tables.alerts import alert, planned_alert

_OPEN = (AssignmentStatus.ACCEPTED, AssignmentStatus.ACTIVE)
_COUNTED = (AssignmentStatus.PROPOSED, AssignmentStatus.PINNED, *_OPEN)
_AT_HAND = tables.legal_case.c.sealed_at.is_(None) & tables.legal_case.c.erased_at.is_(None)
"""What lists show: neither cases whose records are sealed, nor what is left of those that were erased."""
_WORKED_ON = tables.legal_case.c.status.not_in([each for each in CaseStatus if each.closed])
_PLANNED = (
    _WORKED_ON
    | exists().where(planned_alert.c.case_id == tables.legal_case.c.id)
    | exists().where(alert.c.case_id == tables.legal_case.c.id, alert.c.settled_at.is_(None))
)
"""Cases whose alerts, planned or raised, may follow when all clocks are counted anew."""


class SqlCases(CaseStore):
    """Keeps cases in tables."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work within the transaction of `connection`."""
        self._connection = connection

    @override
    async def add_case(self, case: Case, *, link_numbers: frozenset[str]) -> None:
        await self._connection.execute(insert(tables.legal_case).values(values_of(case)))
        links = [{"case_id": case.id, "number": number} for number in sorted(link_numbers)]
        await self._connection.execute(insert(tables.case_link), links)
        await self._plan_anew(case.id)

    @override
    async def case(self, case_id: CaseId) -> Case | None:
        query = select(tables.legal_case).where(tables.legal_case.c.id == case_id)
        return one_of(Case, (await self._connection.execute(query)).one_or_none())

    @override
    async def case_by_number(self, number: str) -> Case | None:
        query = select(tables.legal_case).where(tables.legal_case.c.number == number)
        return one_of(Case, (await self._connection.execute(query)).one_or_none())

    @override
    async def put_case(self, case: Case) -> None:
        await self._connection.execute(
            update(tables.legal_case).where(tables.legal_case.c.id == case.id).values(values_of(case))
        )
        await self._plan_anew(case.id)

    @override
    async def cases_of_institution(self, institution_id: OrganisationId) -> tuple[Case, ...]:
        return await self._newest(tables.legal_case.c.institution_id == institution_id)

    @override
    async def open_cases_numbered(
        self, agency_id: OrganisationId, number: str, stage: Stage
    ) -> tuple[Case, ...]:
        columns = tables.legal_case.c
        numbered = select(tables.case_link.c.case_id).where(tables.case_link.c.number == number)
        same = (columns.agency_id == agency_id) & (columns.stage == stage) & columns.id.in_(numbered)
        return await self._newest(same & _WORKED_ON)

    @override
    async def cases_of_agency(self, agency_id: OrganisationId) -> tuple[Case, ...]:
        return await self._newest(tables.legal_case.c.agency_id == agency_id)

    @override
    async def cases_of_agency_before(
        self, agency_id: OrganisationId, before: tuple[datetime, CaseId] | None, *, limit: int
    ) -> tuple[Case, ...]:
        columns = tables.legal_case.c
        query = select(tables.legal_case).where(columns.agency_id == agency_id, _AT_HAND)
        if before is not None:
            opened_at, case_id = before
            is_same_moment = (columns.opened_at == opened_at) & (columns.id > case_id)
            query = query.where((columns.opened_at < opened_at) | is_same_moment)
        ordered = query.order_by(columns.opened_at.desc(), columns.id).limit(limit)
        return all_of(Case, await self._connection.execute(ordered))

    @override
    async def cases_of_area(
        self, area_id: OrganisationId, statuses: frozenset[CaseStatus]
    ) -> tuple[Case, ...]:
        columns = tables.legal_case.c
        query = select(tables.legal_case).where(
            columns.area_id == area_id, columns.status.in_(statuses), _AT_HAND
        )
        return all_of(Case, await self._connection.execute(query.order_by(columns.opened_at, columns.id)))

    @override
    async def cases_of_lawyer(self, account_id: AccountId) -> tuple[Case, ...]:
        columns = tables.assignment.c
        open_ones = select(columns.case_id).where(columns.account_id == account_id, columns.status.in_(_OPEN))
        return await self._newest(tables.legal_case.c.id.in_(open_ones))

    @override
    async def linked_cases(self, case_id: CaseId) -> frozenset[CaseId]:
        columns = tables.case_link.c
        numbers = select(columns.number).where(columns.case_id == case_id)
        query = select(columns.case_id).where(columns.number.in_(numbers), columns.case_id != case_id)
        found = (await self._connection.execute(query.distinct())).scalars().all()
        own = await self._first_stage(case_id)
        return frozenset([each for each in found if await self._first_stage(each) != own])

    @override
    async def opened_by(self, institution_id: OrganisationId, year: int) -> int:
        columns = tables.legal_case.c
        query = select(func.count()).where(
            columns.institution_id == institution_id,
            columns.opened_at >= datetime(year, 1, 1, tzinfo=CHINA),
            columns.opened_at < datetime(year + 1, 1, 1, tzinfo=CHINA),
        )
        return int((await self._connection.execute(query)).scalar_one())

    @override
    async def add_party(self, party: Party) -> None:
        await self._connection.execute(insert(tables.party).values(values_of(party)))

    @override
    async def parties_of(self, case_id: CaseId) -> tuple[Party, ...]:
        query = select(tables.party).where(tables.party.c.case_id == case_id)
        # 'recipient' sorts before 'relative', which is the order in which they are shown.
        return all_of(Party, await self._connection.execute(query.order_by(tables.party.c.kind)))

    @override
    async def recipients_of(self, case_ids: frozenset[CaseId]) -> dict[CaseId, Party]:
        columns = tables.party.c
        query = select(tables.party).where(columns.case_id.in_(case_ids), columns.kind == "recipient")
        found = all_of(Party, await self._connection.execute(query))
        return {party.case_id: party for party in found}

    @override
    async def add_notice(self, notice: Notice) -> None:
        await self._connection.execute(insert(tables.notice).values(values_of(notice)))

    @override
    async def notice(self, notice_id: NoticeId) -> Notice | None:
        query = select(tables.notice).where(tables.notice.c.id == notice_id)
        return one_of(Notice, (await self._connection.execute(query)).one_or_none())

    @override
    async def add_fact(self, fact: CaseFact) -> None:
        await self._connection.execute(insert(tables.case_fact).values(values_of(fact)))
        await self._plan_anew(fact.case_id)

    @override
    async def add_extension(self, extension: Extension) -> None:
        await self._connection.execute(insert(tables.extension).values(values_of(extension)))
        await self._note_stale(tables.legal_case.c.id == extension.case_id, Cause.EXTENSION)

    @override
    async def extensions_of(self, case_ids: frozenset[CaseId]) -> dict[CaseId, tuple[Extension, ...]]:
        query = select(tables.extension).where(tables.extension.c.case_id.in_(case_ids))
        found: dict[CaseId, tuple[Extension, ...]] = dict.fromkeys(case_ids, ())
        rows = await self._connection.execute(query.order_by(tables.extension.c.number))
        for extension in all_of(Extension, rows):
            found[extension.case_id] += (extension,)
        return found

    @override
    async def add_delay(self, delay: Delay) -> None:
        await self._connection.execute(insert(tables.delay).values(values_of(delay)))

    @override
    async def delays_of(self, case_ids: frozenset[CaseId]) -> dict[CaseId, dict[str, DelayParty]]:
        query = select(tables.delay).where(tables.delay.c.case_id.in_(case_ids))
        found: dict[CaseId, dict[str, DelayParty]] = {case_id: {} for case_id in case_ids}
        rows = await self._connection.execute(query.order_by(tables.delay.c.number))
        for delay in all_of(Delay, rows):
            found[delay.case_id][delay.duty] = delay.party
        return found

    @override
    async def history_of(self, case_id: CaseId) -> tuple[CaseFact, ...]:
        query = select(tables.case_fact).where(tables.case_fact.c.case_id == case_id)
        newest_first = query.order_by(tables.case_fact.c.number.desc())
        return all_of(CaseFact, await self._connection.execute(newest_first))

    @override
    async def happened_in(
        self, case_ids: frozenset[CaseId]
    ) -> dict[CaseId, dict[str, tuple[Happening, ...]]]:
        query = select(tables.case_fact).where(tables.case_fact.c.case_id.in_(case_ids))
        found: dict[CaseId, list[CaseFact]] = {case_id: [] for case_id in case_ids}
        rows = await self._connection.execute(query.order_by(tables.case_fact.c.number))
        for fact in all_of(CaseFact, rows):
            found[fact.case_id].append(fact)
        return {case_id: chronicle(facts) for case_id, facts in found.items()}

    @override
    async def facts_of(self, case_ids: frozenset[CaseId]) -> dict[CaseId, dict[str, datetime]]:
        return {
            case_id: {key: happened[-1].at for key, happened in found.items()}
            for case_id, found in (await self.happened_in(case_ids)).items()
        }

    @override
    async def add_assignment(self, assignment: Assignment) -> None:
        await self._connection.execute(insert(tables.assignment).values(values_of(assignment)))
        await self._plan_anew(assignment.case_id)

    @override
    async def put_assignment(self, assignment: Assignment) -> None:
        await self._connection.execute(
            update(tables.assignment)
            .where(tables.assignment.c.id == assignment.id)
            .values(values_of(assignment))
        )
        await self._plan_anew(assignment.case_id)

    @override
    async def assignment(self, assignment_id: AssignmentId) -> Assignment | None:
        query = select(tables.assignment).where(tables.assignment.c.id == assignment_id)
        return one_of(Assignment, (await self._connection.execute(query)).one_or_none())

    @override
    async def assignments_of(self, case_id: CaseId) -> tuple[Assignment, ...]:
        return (await self.assignments_of_cases(frozenset({case_id})))[case_id]

    @override
    async def assignments_of_cases(self, case_ids: frozenset[CaseId]) -> dict[CaseId, tuple[Assignment, ...]]:
        columns = tables.assignment.c
        query = select(tables.assignment).where(columns.case_id.in_(case_ids))
        grouped: dict[CaseId, list[Assignment]] = defaultdict(list)
        rows = await self._connection.execute(query.order_by(columns.proposed_at, columns.id))
        for assignment in all_of(Assignment, rows):
            grouped[assignment.case_id].append(assignment)
        return {case_id: tuple(grouped[case_id]) for case_id in case_ids}

    @override
    async def assignments_of_lawyer(self, account_id: AccountId) -> tuple[Assignment, ...]:
        columns = tables.assignment.c
        query = select(tables.assignment).where(columns.account_id == account_id)
        rows = await self._connection.execute(query.order_by(columns.proposed_at.desc(), columns.id))
        return all_of(Assignment, rows)

    @override
    async def workloads(self) -> dict[AccountId, int]:
        columns = tables.assignment.c
        counted = select(columns.account_id, func.count()).join(tables.legal_case)
        query = counted.where(columns.status.in_(_COUNTED), _WORKED_ON)
        rows = await self._connection.execute(query.group_by(columns.account_id))
        return {AccountId(account_id): count for account_id, count in rows}

    @override
    async def kept_answer(self, organisation_id: OrganisationId, key: str) -> KeptAnswer | None:
        columns = tables.notice_answer.c
        query = select(tables.notice_answer).where(
            columns.organisation_id == organisation_id, columns.key == key
        )
        return one_of(KeptAnswer, (await self._connection.execute(query)).one_or_none())

    @override
    async def keep_answer(
        self, organisation_id: OrganisationId, key: str, answer: KeptAnswer, *, at: datetime
    ) -> None:
        values = values_of(answer) | {"organisation_id": organisation_id, "key": key, "at": at}
        await self._connection.execute(insert(tables.notice_answer).values(values))

    @override
    async def calendar_entries(self) -> tuple[CalendarEntry, ...]:
        query = select(tables.calendar_day).order_by(tables.calendar_day.c.day)
        return all_of(CalendarEntry, await self._connection.execute(query))

    async def _first_stage(self, case_id: CaseId) -> CaseId:
        """Return the case with which the affair of the same accused began."""
        columns = tables.legal_case.c
        earlier: CaseId | None = case_id
        while earlier is not None:
            case_id = earlier
            query = select(columns.continues).where(columns.id == case_id)
            earlier = (await self._connection.execute(query)).scalar_one_or_none()
        return case_id

    async def _newest(self, condition: ColumnElement[bool]) -> tuple[Case, ...]:
        columns = tables.legal_case.c
        query = select(tables.legal_case).where(condition, _AT_HAND)
        newest_first = query.order_by(columns.opened_at.desc(), columns.id)
        return all_of(Case, await self._connection.execute(newest_first))

    @override
    async def put_calendar_entry(self, entry: CalendarEntry) -> None:
        await self.remove_calendar_entry(entry.day)
        await self._connection.execute(insert(tables.calendar_day).values(values_of(entry)))

    @override
    async def remove_calendar_entry(self, day: date) -> None:
        query = delete(tables.calendar_day).where(tables.calendar_day.c.day == day)
        await self._connection.execute(query)
        await self._note_stale(_PLANNED, Cause.CALENDAR)

    @override
    async def add_reckonings(self, reckonings: tuple[Reckoning, ...]) -> None:
        if reckonings:
            values = [values_of(each) for each in reckonings]
            await self._connection.execute(insert(tables.reckoning), values)

    @override
    async def reckonings_of(self, case_ids: frozenset[CaseId]) -> dict[CaseId, tuple[Reckoning, ...]]:
        query = select(tables.reckoning).where(tables.reckoning.c.case_id.in_(case_ids))
        found: dict[CaseId, tuple[Reckoning, ...]] = dict.fromkeys(case_ids, ())
        rows = await self._connection.execute(query.order_by(tables.reckoning.c.number))
        for reckoning in all_of(Reckoning, rows):
            found[reckoning.case_id] += (reckoning,)
        return found

    @override
    async def add_choice(self, choice: Choice) -> None:
        await self._connection.execute(insert(tables.counting_choice).values(values_of(choice)))
        await self._note_stale(_PLANNED, Cause.CHOICE)

    @override
    async def choices(self) -> tuple[Choice, ...]:
        query = select(tables.counting_choice).order_by(tables.counting_choice.c.number)
        return all_of(Choice, await self._connection.execute(query))

    @override
    async def stale_plans(self, *, limit: int) -> tuple[StalePlan, ...]:
        query = select(tables.stale_plan).order_by(tables.stale_plan.c.case_id).limit(limit)
        causes = {row.case_id: row.cause for row in await self._connection.execute(query)}
        cases = select(tables.legal_case).where(tables.legal_case.c.id.in_(causes))
        found = all_of(Case, await self._connection.execute(cases.order_by(tables.legal_case.c.id)))
        return tuple(StalePlan(case, causes[case.id]) for case in found)

    @override
    async def plan_made(self, case_id: CaseId) -> None:
        query = delete(tables.stale_plan).where(tables.stale_plan.c.case_id == case_id)
        await self._connection.execute(query)

    @override
    async def plans_made_by(self, version: str) -> None:
        known = (await self._connection.execute(select(tables.planned_by.c.version))).scalar_one_or_none()
        if known != version:
            await self._connection.execute(delete(tables.planned_by))
            await self._connection.execute(insert(tables.planned_by).values(version=version))
            await self._note_stale(_PLANNED, Cause.RULES)

    async def _plan_anew(self, case_id: CaseId) -> None:
        """Note in each unit that changes what a case's clocks depend on that its alerts have to follow."""
        await self._note_stale(tables.legal_case.c.id == case_id, Cause.EVENT)

    async def _note_stale(self, which: ColumnElement[bool], cause: Cause) -> None:
        noted = exists().where(tables.stale_plan.c.case_id == tables.legal_case.c.id)
        fresh = select(tables.legal_case.c.id, literal(cause, EnumText(Cause))).where(which, ~noted)
        await self._connection.execute(insert(tables.stale_plan).from_select(["case_id", "cause"], fresh))
