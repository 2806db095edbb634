"""What the pages of cases show, made from records: people, reasons, what happened, rows of lists.

A view holds message ids with what fills them, moments and plain names; templates word them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from server.cases.deadline_views import STATES
from server.cases.deadlines.engine import Clock
from server.cases.model import Assignment, Case, Party, PartyKind
from server.cases.service.records import Defender
from server.cases.service.steps import open_steps
from server.cases.vocabulary import TRIGGERS
from server.cases.wording import (
    DUTIES,
    FACTORS,
    KINDS,
    REASONS,
    STAGES,
    TRACK,
    Words,
    reason_of,
)
from server.kernel.clock import local_date
from server.kernel.errors import N_
from server.kernel.identity import Role
from server.kernel.ids import AccountId, AssignmentId, CaseId
from server.people.model import Account, Organisation

Told = tuple[datetime, str, Mapping[str, object]]
"""Something that happened: when, the message id, and what fills its places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """The head of a case's page."""

    id: CaseId
    recipient: str
    offence: str
    number: str
    agency: str
    agency_number: str
    facility: str
    grounds: str
    in_custody: bool
    flags: tuple[str, ...]
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """Somebody in the case."""

    name: str
    part: str
    tone: str
    icon: str
    note: str
    assignment_id: AssignmentId | None = None
    """Of a lawyer whose assignment the reader may end."""
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentView:
    """Why this lawyer."""

    decided_at: datetime
    decided_by: str
    rank: int | None
    total: int
    parts: tuple[tuple[str, float], ...]
    reasons: tuple[tuple[str, Mapping[str, object], float], ...]
    passed_over: tuple[Words, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A case in a list."""

    id: CaseId
    recipient: str
    offence: str
    number: str
    agency: str
    stage: str
    lawyer: str
    to_do: str
    state: str | None
    deadline: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """A duty of which the lawyer tells the day on which it was done."""

    duty: str
    title: str
    first: date
    """The earliest day that can be told: when the duty began."""
    last: date


def steps_view(clocks: Iterable[Clock], now: datetime) -> tuple[StepView, ...]:
    """Return what the case's lawyers can tell to be done."""
    return tuple(
        StepView(
            duty=clock.key,
            title=DUTIES[clock.key][0],
            first=local_date(clock.deadline.trigger_at),
            last=local_date(now),
        )
        for clock in open_steps(clocks)
    )


def case_view(case: Case, recipient: Party | None, organisations: Mapping[str, Organisation]) -> CaseView:
    """Return the head of a case's page."""
    flags = {
        N_("未成年人"): case.minor,
        N_("可能判处无期徒刑、死刑"): case.life_or_death,
        N_("需要翻译"): case.language != "zh",
    }
    return CaseView(
        id=case.id,
        recipient=recipient.name if recipient else "",
        offence=case.offence,
        number=case.number,
        agency=organisations[case.agency_id].name,
        agency_number=case.agency_number,
        facility=organisations[case.facility_id].name if case.facility_id else "",
        grounds=REASONS[case.reason],
        in_custody=case.in_custody,
        flags=tuple(flag for flag, holds in flags.items() if holds),
        closed=case.status.closed,
    )


def stages_of(case: Case) -> tuple[tuple[str, str, str], ...]:
    """Return the track of the procedure: name, `done`, `now` or `todo`, and a note."""
    on_track = next((place for place, stages in enumerate(TRACK) if case.stage in stages), None)
    if on_track is None:
        return ((STAGES[case.stage], "now", ""),)
    return tuple(
        (
            STAGES[case.stage if place == on_track else stages[0]],
            "done" if place < on_track else "now" if place == on_track else "todo",
            "",
        )
        for place, stages in enumerate(TRACK)
    )


_TONES = ("", "b", "g", "y")


def people_view(
    parties: Iterable[Party], defenders: Iterable[Defender], assignments: Iterable[Assignment]
) -> tuple[PersonView, ...]:
    """Return who is in the case; `assignments` are those that the reader may end."""
    may_end = {each.account_id: each for each in assignments if each.open}
    people = [
        PersonView(
            name=party.name,
            part=N_("受援人") if party.kind is PartyKind.RECIPIENT else N_("近亲属"),
            tone="n",
            icon="user",
            note="，".join(filter(None, (str(party.born_on.year) if party.born_on else "", party.ethnicity))),
        )
        for party in parties
    ]
    for place, defender in enumerate(defenders):
        ending = may_end.get(defender.account_id)
        people.append(
            PersonView(
                name=defender.name,
                part=KINDS[defender.kind],
                tone=_TONES[place % len(_TONES)],
                icon="user" if place == 0 else "users",
                note=defender.title or defender.organisation,
                assignment_id=ending.id if ending else None,
                version=ending.version if ending else 0,
            )
        )
    return tuple(people)


def assignment_view(
    assignments: Iterable[Assignment], accounts: Mapping[AccountId, Account]
) -> AssignmentView | None:
    """Return why the lead was chosen, None where there is no lead or no score."""
    chosen = next((each for each in assignments if each.score), None)
    if chosen is None:
        return None
    decided_by = accounts.get(chosen.proposed_by) if chosen.proposed_by else None
    reasons = ((reason_of(part), part) for part in chosen.score)
    return AssignmentView(
        decided_at=chosen.proposed_at,
        decided_by=decided_by.name if decided_by else "",
        rank=chosen.rank,
        total=round(chosen.total),
        parts=tuple((FACTORS[part.factor], part.points) for part in chosen.score),
        reasons=tuple((*reason, part.points) for reason, part in reasons if reason),
        note=chosen.note,
    )


def events_of(
    case: Case,
    facts: Mapping[str, datetime],
    assignments: Iterable[Assignment],
    accounts: Mapping[AccountId, Account],
) -> tuple[Told, ...]:
    """Return what happened in the case, newest first, for those who work on it."""
    told = [*_public_events(case, assignments, accounts)]
    for each in assignments:
        name = {"name": accounts[each.account_id].name}
        told.append((each.proposed_at, N_("提议{name}承办"), name))
        if each.answered_at and each.decline_reason:
            told.append((each.answered_at, N_("{name}未接受指派"), name))
    told.extend((facts[key], TRIGGERS[key], {}) for key in _TOLD_FACTS if key in facts)
    return _newest_first(told)


def events_for_agency(
    case: Case, assignments: Iterable[Assignment], accounts: Mapping[AccountId, Account]
) -> tuple[Told, ...]:
    """Return what an agency is told: who defends since when, never the defence's own steps."""
    return _newest_first(_public_events(case, assignments, accounts))


_TOLD_FACTS = ("lawyer_presented_three_documents", "first_meeting_held", "agreement_signed", "papers_filed")


def _public_events(
    case: Case, assignments: Iterable[Assignment], accounts: Mapping[AccountId, Account]
) -> Iterable[Told]:
    yield case.opened_at, N_("通知到达，生成案号 {number}"), {"number": case.number}
    for each in assignments:
        name = {"name": accounts[each.account_id].name}
        if each.answered_at and each.decline_reason is None:
            yield each.answered_at, N_("{name}接受指派"), name
            if each.ended_at:
                yield each.ended_at, N_("{name}的指派结束"), name


def _newest_first(told: Iterable[Told]) -> tuple[Told, ...]:
    return tuple(sorted(told, key=lambda event: event[0], reverse=True))


def next_clock(clocks: Iterable[Clock]) -> Clock | None:
    """Return the clock that runs out first, None if none runs."""
    return next((clock for clock in clocks if clock.running), None)


def case_row(
    case: Case,
    clocks: Iterable[Clock],
    *,
    recipient: Party | None,
    agency: Organisation | None,
    lawyer: str = "",
) -> CaseRow:
    """Return a case for a list."""
    clock = next_clock(clocks)
    return CaseRow(
        id=case.id,
        recipient=recipient.name if recipient else "",
        offence=case.offence,
        number=case.number,
        agency=agency.name if agency else "",
        stage=STAGES[case.stage],
        lawyer=lawyer,
        to_do=DUTIES[clock.key][0] if clock and clock.key in _OF_LAWYER else "",
        state=STATES[clock.state] if clock else None,
        deadline=DUTIES[clock.key][0] if clock else "",
        due_at=clock.deadline.due_at if clock else None,
    )


_OF_LAWYER = frozenset({"meet_client", "sign_agreement", "file_papers"})


def may_in(case: Case, role: Role) -> frozenset[str]:
    """Return what the page shows and offers a role; no file access before the prosecution stage (CPL 40)."""
    if role is Role.LEGAL_AID_OFFICER:
        return frozenset({"log", "meetings", "keep", "progress"})
    if role is not Role.LAWYER:
        return frozenset()
    found = {"log", "meetings"}
    if case.stage.file_access:
        found |= {"read"} if case.status.closed else {"read", "upload"}
    if not case.status.closed:
        found |= {"tell", "book", "progress"} if case.in_custody else {"tell", "progress"}
    return frozenset(found)
