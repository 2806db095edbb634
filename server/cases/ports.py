"""What cases need of the outside: a store."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from server.alerts.ports import AlertsTx
from server.audit.ports import LogTransaction
from server.cases.chronicle import Happening
from server.cases.deadlines.calendar import CalendarEntry
from server.cases.deadlines.choices import Choice
from server.cases.model import (
    Assignment,
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
from server.kernel.ids import AccountId, AssignmentId, CaseId, NoticeId, OrganisationId
from server.kernel.transaction import Transaction
from server.people.ports import PeopleStore


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered to an idempotency key, and to which body."""

    body_hash: bytes
    """SHA-256 of the body."""
    location: str
    body: str
    """The answer as it was sent, in JSON."""


@dataclass(frozen=True, slots=True)
class StalePlan:
    """A case whose alerts are to be planned anew, and why."""

    case: Case
    cause: Cause


class CaseStore(Protocol):
    """Keeps cases, parties, notices, facts and assignments."""

    async def add_case(self, case: Case, *, link_numbers: frozenset[str]) -> None:
        """Store a new case with the numbers that it shares with co-defendants' and linked cases."""
        ...

    async def case(self, case_id: CaseId) -> Case | None:
        """Return the case, if there is one."""
        ...

    async def case_by_number(self, number: str) -> Case | None:
        """Return the case of this legal-aid number."""
        ...

    async def put_case(self, case: Case) -> None:
        """Store a changed case."""
        ...

    async def cases_of_institution(self, institution_id: OrganisationId) -> tuple[Case, ...]:
        """Return the institution's cases, newest first."""
        ...

    async def open_cases_numbered(
        self, agency_id: OrganisationId, number: str, stage: Stage
    ) -> tuple[Case, ...]:
        """Return an agency's cases of a stage that are worked on and bear or name a number (normal form)."""
        ...

    async def cases_of_agency(self, agency_id: OrganisationId) -> tuple[Case, ...]:
        """Return the cases that the agency sent, newest first."""
        ...

    async def cases_of_agency_before(
        self, agency_id: OrganisationId, before: tuple[datetime, CaseId] | None, *, limit: int
    ) -> tuple[Case, ...]:
        """Return some of those, from behind the case that was opened then and has this id."""
        ...

    async def cases_of_area(
        self, area_id: OrganisationId, statuses: frozenset[CaseStatus]
    ) -> tuple[Case, ...]:
        """Return the area's cases in one of `statuses`, oldest first."""
        ...

    async def cases_of_lawyer(self, account_id: AccountId) -> tuple[Case, ...]:
        """Return the cases in which the lawyer has an open assignment, newest first."""
        ...

    async def linked_cases(self, case_id: CaseId) -> frozenset[CaseId]:
        """Return the other cases that share a number with this one: co-defendants, linked accused.

        Other stages of the same accused are left out: their defender is the one who knows the case.
        """
        ...

    async def opened_by(self, institution_id: OrganisationId, year: int) -> int:
        """Return how many cases the institution has opened in `year` of China's calendar."""
        ...

    async def add_party(self, party: Party) -> None:
        """Store a person of a case."""
        ...

    async def parties_of(self, case_id: CaseId) -> tuple[Party, ...]:
        """Return the people of a case, the recipient first."""
        ...

    async def recipients_of(self, case_ids: frozenset[CaseId]) -> dict[CaseId, Party]:
        """Return each case's recipient."""
        ...

    async def add_notice(self, notice: Notice) -> None:
        """Store a notice."""
        ...

    async def notice(self, notice_id: NoticeId) -> Notice | None:
        """Return the notice, if there is one."""
        ...

    async def add_fact(self, fact: CaseFact) -> None:
        """Store a fact beside those before it; of one key the last stored counts."""
        ...

    async def add_extension(self, extension: Extension) -> None:
        """Store an extension; those of one rule add up, a negative one takes others back."""
        ...

    async def extensions_of(self, case_ids: frozenset[CaseId]) -> dict[CaseId, tuple[Extension, ...]]:
        """Return each case's extensions, in the order in which they were stored."""
        ...

    async def add_delay(self, delay: Delay) -> None:
        """Store who caused a delay, beside what was stored before; of one duty the last stored counts."""
        ...

    async def delays_of(self, case_ids: frozenset[CaseId]) -> dict[CaseId, dict[str, DelayParty]]:
        """Return who caused each case's delays, by duty."""
        ...

    async def history_of(self, case_id: CaseId) -> tuple[CaseFact, ...]:
        """Return every fact that was stored of a case, the last stored first."""
        ...

    async def happened_in(
        self, case_ids: frozenset[CaseId]
    ) -> dict[CaseId, dict[str, tuple[Happening, ...]]]:
        """Return how often each event of each case happened, and when, by the rules' word for it."""
        ...

    async def facts_of(self, case_ids: frozenset[CaseId]) -> dict[CaseId, dict[str, datetime]]:
        """Return what happened in each case and when it did last, by the rules' word for it."""
        ...

    async def add_assignment(self, assignment: Assignment) -> None:
        """Store a new assignment."""
        ...

    async def put_assignment(self, assignment: Assignment) -> None:
        """Store a changed assignment."""
        ...

    async def assignment(self, assignment_id: AssignmentId) -> Assignment | None:
        """Return the assignment, if there is one."""
        ...

    async def assignments_of(self, case_id: CaseId) -> tuple[Assignment, ...]:
        """Return a case's assignments, open, pending and past, in the order in which they were proposed."""
        ...

    async def assignments_of_cases(self, case_ids: frozenset[CaseId]) -> dict[CaseId, tuple[Assignment, ...]]:
        """Return the assignments of several cases."""
        ...

    async def assignments_of_lawyer(self, account_id: AccountId) -> tuple[Assignment, ...]:
        """Return a lawyer's assignments, newest first."""
        ...

    async def workloads(self) -> dict[AccountId, int]:
        """Return how many cases each lawyer has open or pending."""
        ...

    async def kept_answer(self, organisation_id: OrganisationId, key: str) -> KeptAnswer | None:
        """Return what this agency's idempotency key was answered with."""
        ...

    async def keep_answer(
        self, organisation_id: OrganisationId, key: str, answer: KeptAnswer, *, at: datetime
    ) -> None:
        """Keep the answer in the transaction that made it."""
        ...

    async def stale_plans(self, *, limit: int) -> tuple[StalePlan, ...]:
        """Return cases for which something has changed since their alerts were planned."""
        ...

    async def plan_made(self, case_id: CaseId) -> None:
        """Note that a case's alerts are planned as the case is now."""
        ...

    async def plans_made_by(self, version: str) -> None:
        """Note by which version plans are made: if it is another than before, every one of them is stale."""
        ...

    async def add_reckonings(self, reckonings: tuple[Reckoning, ...]) -> None:
        """Store how ends are counted from now on, beside how they were before."""
        ...

    async def reckonings_of(self, case_ids: frozenset[CaseId]) -> dict[CaseId, tuple[Reckoning, ...]]:
        """Return how the ends of each case were ever counted, in the order in which they were."""
        ...

    async def add_choice(self, choice: Choice) -> None:
        """Store a decision of the operator beside those before it."""
        ...

    async def choices(self) -> tuple[Choice, ...]:
        """Return the operator's decisions in the order in which they were made."""
        ...

    async def calendar_entries(self) -> tuple[CalendarEntry, ...]:
        """Return the days that the operator entered."""
        ...

    async def put_calendar_entry(self, entry: CalendarEntry) -> None:
        """Store what the operator knows of a day, in place of what was entered before."""
        ...

    async def remove_calendar_entry(self, day: date) -> None:
        """Forget what the operator entered for a day."""
        ...


class CasesTx(Transaction, Protocol):
    """A unit of work with cases and people in it."""

    @property
    def cases(self) -> CaseStore:
        """The cases."""
        ...

    @property
    def people(self) -> PeopleStore:
        """The people."""
        ...


class PlanningTx(CasesTx, AlertsTx, Protocol):
    """The same with the alerts in it."""


class CaseLogTx(CasesTx, LogTransaction, Protocol):
    """The same with the log in it."""
